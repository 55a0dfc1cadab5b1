// Brows and lashes: single hairs that ride on the skin's triangles, edges softened by alpha.
// In: strand points bound to triangles of the posed mesh. Out: linear, premultiplied alpha.
#include "frame.glsl"
#include "look.glsl"
#stage vertex
#include "mesh.glsl"
in vec3 in_triangle;   // vertices
in vec3 in_bary;
in vec3 in_offset;     // metres along the triangle's first edge, across it, along its normal
in vec3 in_tangent;    // in the same frame
in vec4 in_strand;     // side 0..1, along 0..1, random 0..1, shadow 0, brow 0.5, lash 1
in float in_width;
out vec3 v_world;
out vec3 v_tangent;
out vec3 v_normal;
out vec4 v_strand;
out float v_cover;
void main() {
    ivec3 corner = ivec3(in_triangle + 0.5);
    vec3 a = posed_position(corner.x), b = posed_position(corner.y), c = posed_position(corner.z);
    vec3 normal = normalize(posed_normal(corner.x) * in_bary.x + posed_normal(corner.y) * in_bary.y +
                            posed_normal(corner.z) * in_bary.z);
    vec3 edge = normalize(b - a - normal * dot(b - a, normal));
    mat3 world_from_frame = mat3(edge, cross(normal, edge), normal);
    vec3 world = a * in_bary.x + b * in_bary.y + c * in_bary.z + world_from_frame * in_offset;
    vec3 tangent = normalize(world_from_frame * in_tangent);
    vec3 to_camera = camera_position.xyz - world;
    float pixel = camera_position.w * length(to_camera);
    vec3 across = normalize(cross(tangent, to_camera));
    float drawn = max(in_width, 0.55 * pixel);
    float side = in_strand.x * 2.0 - 1.0;
    world += across * side * drawn;
    v_cover = in_width / drawn;
    v_world = world;
    v_tangent = tangent;
    v_normal = normal;
    v_strand = vec4(side, in_strand.yzw);
    gl_Position = clip_from_world * vec4(world, 1.0);
}
#stage fragment
#include "lighting.glsl"
#include "hair_light.glsl"
in vec3 v_world;
in vec3 v_tangent;
in vec3 v_normal;
in vec4 v_strand;
in float v_cover;
out vec4 frag_color;

void main() {
    float along = v_strand.y, chance = v_strand.z;
    float lash = step(0.75, v_strand.w), shadow = step(v_strand.w, 0.25);
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 tangent = normalize(v_tangent);
    vec3 color = mix(brow_color.rgb * (0.7 + 0.6 * chance), vec3(0.008, 0.006, 0.005), lash);
    vec3 light = hair_light(color, tangent, normalize(v_normal), view, 0.1 * (chance - 0.5), 1.0, 0.8, 0.9);
    float alpha = v_cover * (1.0 - smoothstep(0.45, 1.0, abs(v_strand.x)) * 0.7);
    alpha *= mix(smoothstep(0.0, 0.12, along) * (1.0 - 0.45 * along), 1.0 - 0.3 * along, lash);
    // Under the brow lies a soft shade of the finest hairs.
    float soft = sin(along * PI) * (1.0 - v_strand.x * v_strand.x);
    alpha = mix(alpha, 0.16 * soft * soft, shadow);
    frag_color = vec4(light * alpha, alpha);
}
