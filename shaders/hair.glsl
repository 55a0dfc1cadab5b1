// Scalp hair: ribbons that turn towards the camera. Moves with the skull.
// In: strand points, rest head space. Out: linear colour, alpha 1.
#include "frame.glsl"
#include "look.glsl"
#stage vertex
#include "turning.glsl"
in vec3 in_position;
in vec3 in_tangent;
in vec4 in_strand;  // side -1..1 as 0..1, along 0..1, random 0..1, openness 0..1
in float in_width;  // half width, metres
uniform float u_widening;  // where only a share of the strands is drawn
out vec3 v_world;
out vec3 v_tangent;
out vec3 v_outward;
out vec4 v_strand;
out float v_cover;
void main() {
    vec3 world = world_from_rest(in_position, 1.0);
    vec3 tangent = turned(in_tangent, 1.0);
    vec3 to_camera = camera_position.xyz - world;
    float away = length(to_camera);
    vec3 across = normalize(cross(tangent, to_camera));
    float half_width = max(in_width * u_widening, 0.5 * camera_position.w * away);
    v_cover = in_width * u_widening / half_width;
    float side = in_strand.x * 2.0 - 1.0;
    world += across * side * half_width;
    v_world = world;
    v_tangent = tangent;
    v_outward = turned(normalize(in_position - vec3(0.0, 0.02, -0.075)), 1.0);
    v_strand = vec4(side, in_strand.yzw);
    gl_Position = clip_from_world * vec4(world, 1.0);
}
#stage fragment
#include "lighting.glsl"
#include "hair_light.glsl"
in vec3 v_world;
in vec3 v_tangent;
in vec3 v_outward;
in vec4 v_strand;
in float v_cover;  // share of the drawn width that is hair: below 1 where a pixel is wider
out vec4 frag_color;

void main() {
    float along = v_strand.y, chance = v_strand.z, open = v_strand.w;
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 tangent = normalize(v_tangent);
    vec3 outward = normalize(v_outward);
    vec3 across = normalize(cross(tangent, view));
    vec3 rounded = normalize(outward + across * v_strand.x * 0.35);
    vec3 color = mix(hair_root_color.rgb, hair_tip_color.rgb, along * 0.8 + 0.2 * chance);
    color *= mix(1.0, 0.68 + 0.64 * chance, v_cover);
    // A ribbon stands for some ten hairs; they show where it is wider than a few pixels.
    float hairs = sin(v_strand.x * 11.0 + chance * 40.0) + sin(v_strand.x * 6.3 + chance * 91.0);
    color *= 1.0 + 0.22 * hairs * smoothstep(0.7, 0.2, fwidth(v_strand.x));
    float lit = key_shadow(v_world, outward * 2.0, 3.0, 2);
    vec3 light = hair_light(color, tangent, rounded, view, 0.16 * (chance - 0.5), v_cover, lit * mix(0.35, 1.0, open), open);
    frag_color = vec4(light, 1.0);
}
