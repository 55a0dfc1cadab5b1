// Eyeballs: sclera, iris behind a refracting cornea, shadow of the lids, tears, catch lights.
// In: posed mesh, eye tile (r fibres, g ring pattern, b veins, a mottle). Out: linear, alpha 1.
#include "frame.glsl"
#include "look.glsl"
#stage vertex
#include "mesh.glsl"
in vec4 in_direction;         // unit, from the eyeball's centre at rest; w: 0 left, 1 right eye
uniform int u_lid_edges[12];  // vertices: left upper inner, middle, outer, lower the same; right
out vec3 v_world;
out vec3 v_direction;
flat out int v_eye;
flat out mat4x3 v_lids;       // upper x, upper y, lower x, lower y at inner, middle, outer; in radii

vec3 lid_edge(int edge) {
    vec3 world = posed_position(u_lid_edges[v_eye * 6 + edge]);
    vec3 head = (head_from_world * vec4(world, 1.0)).xyz;
    return (head - eye_center[v_eye].xyz) / eye_center[v_eye].w;
}

void main() {
    v_eye = int(in_direction.w + 0.5);
    v_world = posed_position(gl_VertexID);
    v_direction = in_direction.xyz;
    for (int i = 0; i < 3; i++) {
        vec3 upper = lid_edge(i), lower = lid_edge(i + 3);
        v_lids[0][i] = upper.x;
        v_lids[1][i] = upper.y;
        v_lids[2][i] = lower.x;
        v_lids[3][i] = lower.y;
    }
    gl_Position = clip_from_world * vec4(v_world, 1.0);
}
#stage fragment
#include "lighting.glsl"
in vec3 v_world;
in vec3 v_direction;
flat in int v_eye;
flat in mat4x3 v_lids;
uniform sampler2D u_eye;
out vec4 frag_color;

const float IRIS_RADIUS = 0.0060;    // metres
const float CORNEA_RADIUS = 0.0080;
const float CHAMBER_DEPTH = 0.0011;  // from the cornea's rim to the iris plane
const float PUPIL = 0.36;            // share of the iris

// The parabola through three points of a lid's edge, at x.
float lid_height(vec3 xs, vec3 ys, float x) {
    vec3 away = x - xs;
    return ys.x * away.y * away.z / ((xs.x - xs.y) * (xs.x - xs.z)) +
           ys.y * away.x * away.z / ((xs.y - xs.x) * (xs.y - xs.z)) +
           ys.z * away.x * away.y / ((xs.z - xs.x) * (xs.z - xs.y));
}

void main() {
    float radius = eye_center[v_eye].w;
    mat3 eye_from_world = mat3(eye_from_head[v_eye]) * mat3(head_from_world);
    vec3 at = normalize(v_direction);
    vec3 normal = transpose(eye_from_world) * at;
    vec3 view_world = normalize(camera_position.xyz - v_world);
    vec3 view = eye_from_world * view_world;

    float iris_edge = IRIS_RADIUS / radius;                     // sine of its angle
    float off_axis = length(at.xy) + (at.z < 0.0 ? 2.0 : 0.0);
    float in_iris = smoothstep(iris_edge * 1.045, iris_edge * 0.93, off_axis);

    // Under the cornea the view bends and meets the iris plane a little deeper.
    vec3 cornea = vec3(at.xy * radius / CORNEA_RADIUS, 0.0);
    cornea.z = sqrt(max(1.0 - dot(cornea.xy, cornea.xy), 0.05));
    cornea = normalize(cornea);
    vec3 inward = refract(-view, cornea, 1.0 / 1.376);
    float plane = sqrt(1.0 - iris_edge * iris_edge) * radius - CHAMBER_DEPTH;
    vec3 bulged = vec3(at.xy, 0.0) * radius;
    bulged.z = plane + CHAMBER_DEPTH + 0.0024 * max(1.0 - dot(at.xy, at.xy) / (iris_edge * iris_edge), 0.0);
    vec2 hit = bulged.xy + inward.xy * ((bulged.z - plane) / max(-inward.z, 0.2));
    vec2 in_plane = hit / IRIS_RADIUS;
    float from_pupil = length(in_plane);

    vec4 fibres = texture(u_eye, vec2(atan(in_plane.y, in_plane.x) / (2.0 * PI), from_pupil * 0.5));
    float inner = 1.0 - smoothstep(PUPIL + 0.05, PUPIL + 0.30, from_pupil + 0.22 * (fibres.g - 0.5));
    vec3 iris = mix(iris_color.rgb, iris_inner_color.rgb, inner);
    iris *= 0.42 + 1.25 * fibres.r;
    iris *= mix(1.0, 0.20, smoothstep(0.76, 1.0, from_pupil));               // limbal ring
    iris *= mix(0.55, 1.0, smoothstep(PUPIL, PUPIL + 0.10, from_pupil));
    iris = mix(vec3(0.0015), iris, smoothstep(PUPIL - 0.035, PUPIL + 0.035, from_pupil));
    // Light gathers on the side of the iris that faces away from the lamp.
    vec3 key_local = eye_from_world * key_direction.xyz;
    float caustic = 1.0 + 0.6 * clamp(-dot(in_plane, normalize(key_local.xy + 1e-4)), 0.0, 1.0) *
                          smoothstep(1.0, 0.5, from_pupil);

    vec4 tissue = texture(u_eye, at.xy * 0.75 + 0.5);
    float towards_corner = smoothstep(0.45, 0.95, abs(at.x));
    vec3 sclera = vec3(0.46, 0.425, 0.40) * (0.94 + 0.12 * tissue.a);
    sclera = mix(sclera, vec3(0.52, 0.24, 0.20), 0.50 * towards_corner + 0.30 * tissue.b * towards_corner);
    sclera *= mix(vec3(0.80, 0.78, 0.82), vec3(1.0), smoothstep(iris_edge, iris_edge * 1.30, off_axis));

    // Lids: they shade the ball, the upper one most, and a line of tears stands on the lower.
    vec3 in_head = transpose(mat3(eye_from_head[v_eye])) * at;
    float upper_gap = lid_height(v_lids[0], v_lids[1], in_head.x) - in_head.y;
    float lower_gap = in_head.y - lid_height(v_lids[2], v_lids[3], in_head.x);
    float open_above = smoothstep(-0.02, 0.30, upper_gap);
    float open_below = smoothstep(-0.04, 0.16, lower_gap);
    float opening = smoothstep(0.0, 0.45, upper_gap + lower_gap);
    float beside = 1.0 - 0.55 * smoothstep(0.55, 1.0, length(in_head.xy));
    float occlusion = mix(0.20, 1.0, open_above) * mix(0.55, 1.0, open_below) * beside *
                      mix(0.35, 1.0, opening);
    float lit = key_shadow(v_world, normal, 5.0, 5) * mix(0.30, 1.0, smoothstep(0.0, 0.22, upper_gap)) *
                mix(0.35, 1.0, opening);

    vec3 wrap = vec3(0.28, 0.18, 0.16);
    vec3 key = clamp((vec3(dot(normal, key_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 fill = clamp((vec3(dot(normal, fill_direction.xyz)) + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 open = pow(vec3(occlusion), vec3(0.75, 1.0, 1.05));
    vec3 light = key * key_color.rgb * lit + (fill * fill_color.rgb + surrounding(normal)) * open;
    vec3 result = mix(sclera * light, iris * light * caustic, in_iris);

    // The wet surface: mirror of the studio, sharp on the cornea.
    vec3 wet = transpose(eye_from_world) * normalize(mix(at, cornea, in_iris));
    vec3 mirror = reflect(-view_world, wet);
    float fresnel = 0.025 + 0.975 * pow(1.0 - max(dot(wet, view_world), 0.0), 5.0);
    vec3 box_up = normalize(cross(key_direction.xyz, vec3(1.0, 0.0, 0.0)));
    vec3 box_right = normalize(cross(box_up, key_direction.xyz));
    vec2 in_box = abs(vec2(dot(mirror, box_right), dot(mirror, box_up))) - vec2(0.17, 0.21);
    float box = smoothstep(0.035, -0.035, max(in_box.x, in_box.y)) *
                step(0.0, dot(mirror, key_direction.xyz));
    float exposed = smoothstep(0.0, 0.10, upper_gap);
    result += reflected_studio(mirror, 0.15) * fresnel * 0.8 * occlusion;
    result += box * key_color.rgb * mix(0.25, 0.62, in_iris) * exposed;
    float tears = smoothstep(0.055, 0.02, lower_gap) * smoothstep(-0.03, 0.01, lower_gap);
    result += tears * 0.16 * (key_color.rgb * lit + 0.5 * fill_color.rgb);
    frag_color = vec4(result, 1.0);
}
