// A face model's own mesh in clay: one matt colour, so that its shape is what one sees; eyeballs
// with a drawn iris, so that one sees where they look. In: posed mesh. Out: linear, premultiplied.
#include "frame.glsl"
#include "mesh.glsl"
#stage vertex
in vec4 in_eye;  // unit direction from the eyeball's centre at rest; w: 1 on an eyeball
out vec3 v_world;
out vec3 v_normal;
out vec4 v_eye;
void main() {
    v_world = posed_position(gl_VertexID);
    v_normal = posed_normal(gl_VertexID);
    v_eye = in_eye;
    gl_Position = clip_from_world * vec4(v_world, 1.0);
}
#stage fragment
#include "lighting.glsl"
in vec3 v_world;
in vec3 v_normal;
in vec4 v_eye;
uniform float u_outside;  // 1; -1 where the mesh is mirrored and its triangles run the other way
uniform float u_cover;    // 1 opaque
out vec4 frag_color;

const vec3 CLAY = vec3(0.25, 0.215, 0.185);
const vec3 EYE = vec3(0.40, 0.385, 0.365);
const vec3 IRIS = vec3(0.075, 0.085, 0.095);
const float IRIS_SINE = 0.49;   // of the angle between the optical axis and the iris' rim
const float PUPIL_SINE = 0.20;

void main() {
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 normal = normalize(v_normal) * u_outside;
    bool inside = gl_FrontFacing != (u_outside > 0.0);  // through the mouth, or from below
    if (inside) normal = -normal;

    float ball = smoothstep(0.90, 0.99, v_eye.w);
    vec3 at = normalize(v_eye.xyz + vec3(0.0, 0.0, 1e-6));
    float off_axis = length(at.xy) + (at.z < 0.0 ? 2.0 : 0.0);
    float soft = max(fwidth(off_axis), 0.02);
    vec3 iris = mix(IRIS, vec3(0.008), smoothstep(PUPIL_SINE + soft, PUPIL_SINE - soft, off_axis));
    iris *= mix(1.0, 0.4, smoothstep(0.75, 1.0, off_axis / IRIS_SINE));
    vec3 eye = mix(EYE, iris, smoothstep(IRIS_SINE + soft, IRIS_SINE - soft, off_axis));
    vec3 color = mix(CLAY, eye, ball);

    float lit = key_shadow(v_world, normal * 2.0, 6.0, 6);
    vec3 wrap = mix(vec3(0.12, 0.09, 0.075), vec3(0.25), ball);
    vec3 key = clamp((vec3(dot(normal, key_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 fill = clamp((vec3(dot(normal, fill_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 rim = vec3(max(dot(normal, rim_direction.xyz), 0.0));
    vec3 light = key * key_color.rgb * lit + fill * fill_color.rgb + surrounding(normal) +
                 rim * rim_color.rgb * 0.6;
    float rough = mix(0.52, 0.22, ball);
    vec3 shine = highlight(normal, view, key_direction.xyz, rough, 0.04) * key_color.rgb * lit +
                 highlight(normal, view, fill_direction.xyz, rough, 0.04) * fill_color.rgb +
                 highlight(normal, view, rim_direction.xyz, rough, 0.04) * rim_color.rgb * 0.4;
    float fresnel = 0.04 + 0.6 * pow(1.0 - max(dot(normal, view), 0.0), 5.0);
    shine += reflected_studio(reflect(-view, normal), rough) * fresnel * 0.35;
    vec3 result = color * light + shine * mix(0.5, 0.8, ball);
    if (inside) result = vec3(0.012, 0.009, 0.008) * (0.3 + light);
    frag_color = vec4(result * u_cover, u_cover);
}
