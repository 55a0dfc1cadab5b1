// An avatar's posed mesh: morph targets, then joints. Draws one texel a vertex.
// In: the mesh before skinning, moves by morph targets. Out: world metres; unit normal, world.
#include "mesh.glsl"
#stage vertex
in vec2 in_corner;
void main() { gl_Position = vec4(in_corner, 0.0, 1.0); }
#stage fragment
uniform sampler2D u_rest;       // xyz position
uniform sampler2D u_upright;    // xyz normal
uniform sampler2D u_joints;     // four rows of the matrices
uniform sampler2D u_shares;     // their weights
uniform usampler2D u_runs;      // first move, move count
uniform sampler2D u_moves;      // xyz offset of the position at weight 1, w morph target
uniform sampler2D u_turns;      // xyz offset of the normal
uniform sampler2D u_matrices;   // three rows of world_from_mesh a joint
uniform sampler2D u_targets;    // weights of the morph targets
layout(location = 0) out vec4 frag_position;
layout(location = 1) out vec4 frag_normal;

const int LIST_WIDTH_BITS = 10;

ivec2 list_texel(int entry) {
    return ivec2(entry & ((1 << LIST_WIDTH_BITS) - 1), entry >> LIST_WIDTH_BITS);
}

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    vec3 position = texelFetch(u_rest, texel, 0).xyz;
    vec3 normal = texelFetch(u_upright, texel, 0).xyz;
    uvec2 run = texelFetch(u_runs, texel, 0).xy;
    int last = int(run.x + run.y);
    for (int entry = int(run.x); entry < last; entry++) {
        ivec2 at = list_texel(entry);
        vec4 move = texelFetch(u_moves, at, 0);
        float weight = texelFetch(u_targets, list_texel(int(move.w + 0.5)), 0).x;
        if (weight == 0.0) continue;
        position += move.xyz * weight;
        normal += texelFetch(u_turns, at, 0).xyz * weight;
    }
    vec4 joints = texelFetch(u_joints, texel, 0);
    vec4 shares = texelFetch(u_shares, texel, 0);
    vec4 rows[3] = vec4[3](vec4(0.0), vec4(0.0), vec4(0.0));
    for (int influence = 0; influence < 4; influence++) {
        if (shares[influence] == 0.0) continue;
        int joint = int(joints[influence] + 0.5);
        for (int row = 0; row < 3; row++)
            rows[row] += texelFetch(u_matrices, ivec2(row, joint), 0) * shares[influence];
    }
    vec4 there = vec4(position, 1.0);
    frag_position = vec4(dot(rows[0], there), dot(rows[1], there), dot(rows[2], there), 0.0);
    vec3 turned = vec3(dot(rows[0].xyz, normal), dot(rows[1].xyz, normal), dot(rows[2].xyz, normal));
    frag_normal = vec4(turned / max(length(turned), 1e-12), 0.0);
}
