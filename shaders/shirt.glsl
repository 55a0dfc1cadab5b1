// Cotton: jersey or ribbed knit. In: posed mesh, knit tile. Out: linear colour, premultiplied.
#include "frame.glsl"
#include "look.glsl"
#stage vertex
#include "mesh.glsl"
in vec3 in_rest;
in vec4 in_mouth;  // tongue, gums, occlusion, collar
out vec3 v_world;
out vec3 v_normal;
out vec3 v_rest;
out vec2 v_occlusion_collar;
void main() {
    v_world = posed_position(gl_VertexID);
    v_normal = posed_normal(gl_VertexID);
    v_rest = in_rest;
    v_occlusion_collar = in_mouth.zw;
    gl_Position = clip_from_world * vec4(v_world, 1.0);
}
#stage fragment
#include "lighting.glsl"
#include "detail.glsl"
in vec3 v_world;
in vec3 v_normal;
in vec3 v_rest;
in vec2 v_occlusion_collar;
uniform sampler2D u_knit;
uniform sampler2D u_pores;
out vec4 frag_color;

void main() {
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 normal = normalize(v_normal);
    if (!gl_FrontFacing) normal = -normal;
    vec3 smooth_normal = normal;
    vec3 weights = axis_weights(normal);
    float size = mix(0.016, 0.034, shirt_color.w);
    vec4 knit = projected_relief(u_knit, v_rest, weights, size);
    float faded = mottle(u_pores, v_rest, 0.11);
    normal = normalize(normal - (0.55 + 0.5 * shirt_color.w) * (knit.xyz - normal * dot(knit.xyz, normal)));
    vec3 color = shirt_color.rgb * (0.62 + 0.55 * knit.w) * (0.95 + 0.10 * faded);
    float occlusion = v_occlusion_collar.x * mix(0.75, 1.0, knit.w);
    float lit = key_shadow(v_world, smooth_normal, 7.0, 6);
    vec3 wrap = vec3(0.12);
    vec3 key = clamp((vec3(dot(normal, key_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 fill = clamp((vec3(dot(normal, fill_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 rim = clamp((vec3(dot(normal, rim_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 light = key * key_color.rgb * lit + fill * fill_color.rgb * occlusion +
                 rim * rim_color.rgb * 0.7 + surrounding(normal) * occlusion;
    // Fibres stand off the surface and catch light at grazing angles.
    float fuzz = pow(1.0 - clamp(dot(smooth_normal, view), 0.0, 1.0), 3.0);
    vec3 sheen = (shirt_color.rgb * 0.7 + 0.03) * fuzz * (rim_color.rgb * 0.5 + fill_color.rgb * 0.4 + key_color.rgb * 0.25 * lit);
    // The shirt has no lower end: it fades out below the chest.
    float shown = smoothstep(-0.41, -0.33, v_rest.y);
    frag_color = vec4((color * light + sheen * occlusion) * shown, shown);
}
