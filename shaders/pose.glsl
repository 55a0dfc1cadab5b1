// Posed positions: neutral + actions, eyeballs turned by gaze, head turned about the neck.
// Draws one texel a vertex. In: neutral mesh, sparse actions. Out: world metres, head share.
#include "frame.glsl"
#include "turning.glsl"
#stage vertex
in vec2 in_corner;
void main() { gl_Position = vec4(in_corner, 0.0, 1.0); }
#stage fragment
uniform sampler2D u_neutral;       // xyz head space, w head share
uniform usampler2D u_action_runs;  // first entry, entry count, eye (0 none, 1 left, 2 right),
                                   // bits of the lid clearance: nearest to the eye's centre
uniform sampler2D u_actions;       // xyz offset at weight 1, w action
out vec4 frag_color;

const int ACTION_WIDTH_BITS = 10;

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    vec4 neutral = texelFetch(u_neutral, texel, 0);
    uvec4 run = texelFetch(u_action_runs, texel, 0);
    vec3 position = neutral.xyz;
    int last = int(run.x + run.y);
    for (int entry = int(run.x); entry < last; entry++) {
        ivec2 at = ivec2(entry & ((1 << ACTION_WIDTH_BITS) - 1), entry >> ACTION_WIDTH_BITS);
        vec4 action = texelFetch(u_actions, at, 0);
        int index = int(action.w + 0.5);
        position += action.xyz * weights[index >> 2][index & 3];
    }
    if (run.z > 0u) {
        int eye = int(run.z) - 1;
        vec3 center = eye_center[eye].xyz;
        position = center + transpose(mat3(eye_from_head[eye])) * (position - center);
    }
    float clearance = uintBitsToFloat(run.w);
    if (clearance > 0.0) {  // lids move on straight lines: keep them off the ball
        vec3 center = eye_center[neutral.x > 0.0 ? 0 : 1].xyz;
        vec3 ray = position - center;
        position = center + ray * max(1.0, clearance / max(length(ray), 1e-6));
    }
    frag_color = vec4(world_from_rest(position, neutral.w), neutral.w);
}
