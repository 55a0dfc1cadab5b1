// Teeth, gums and tongue. In: posed mesh, masks. Out: linear colour, alpha 1.
#include "frame.glsl"
#include "mesh.glsl"
#stage vertex
in vec3 in_rest;
in vec4 in_mouth;  // tongue, gums, occlusion, collar
out vec3 v_world;
out vec3 v_normal;
out vec3 v_rest;
out vec3 v_mouth;
void main() {
    v_world = posed_position(gl_VertexID);
    v_normal = posed_normal(gl_VertexID);
    v_rest = in_rest;
    v_mouth = in_mouth.xyz;
    gl_Position = clip_from_world * vec4(v_world, 1.0);
}
#stage fragment
#include "lighting.glsl"
#include "detail.glsl"
in vec3 v_world;
in vec3 v_normal;
in vec3 v_rest;
in vec3 v_mouth;
uniform sampler2D u_pores;
out vec4 frag_color;

const vec3 ENAMEL = vec3(0.68, 0.59, 0.46);
const vec3 GUMS = vec3(0.36, 0.105, 0.095);
const vec3 TONGUE = vec3(0.42, 0.125, 0.115);

void main() {
    float tongue = v_mouth.x, gums = v_mouth.y, occlusion = v_mouth.z;
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 normal = normalize(v_normal);
    if (!gl_FrontFacing) normal = -normal;
    mat3 head_from_world_turn = mat3(head_from_world);
    vec3 weights = axis_weights(head_from_world_turn * normal);
    vec4 relief = projected_relief(u_pores, v_rest, weights, 0.018);
    relief.xyz = transpose(head_from_world_turn) * relief.xyz;
    float bumpy = mix(0.04, 0.7, tongue) + 0.3 * gums;
    normal = normalize(normal - bumpy * (relief.xyz - normal * dot(relief.xyz, normal)));
    vec3 color = mix(mix(ENAMEL, GUMS, gums), TONGUE * (0.8 + 0.4 * relief.w), tongue);
    // Deep in the mouth it is dark: little light passes the lips.
    float depth = smoothstep(-0.028, 0.016, v_rest.z);
    occlusion = min(1.0, occlusion * 2.4) * mix(0.12, 1.0, depth);
    float lit = key_shadow(v_world, normal, 5.0, 3) * mix(0.3, 1.0, occlusion);
    vec3 reddened = pow(vec3(occlusion), vec3(0.75, 1.1, 1.25));  // light comes through lips
    vec3 wrap = vec3(0.35, 0.22, 0.18);
    vec3 key = clamp((vec3(dot(normal, key_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 fill = clamp((vec3(dot(normal, fill_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 light = key * key_color.rgb * lit * 0.8 +
                 (fill * fill_color.rgb * 0.5 + surrounding(normal)) * reddened;
    float rough = mix(0.24, 0.38, max(gums, tongue));
    vec3 shine = highlight(normal, view, key_direction.xyz, rough, 0.04) * key_color.rgb * lit;
    float fresnel = 0.04 + 0.9 * pow(1.0 - max(dot(normal, view), 0.0), 5.0);
    shine += reflected_studio(reflect(-view, normal), rough) * fresnel * occlusion * 0.4;
    frag_color = vec4(color * light + shine * 0.55, 1.0);
}
