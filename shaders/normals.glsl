// Smooth normals of the posed mesh: the sum over the quads round a vertex, weighted by their size.
// Draws one texel a vertex. In: posed positions, neighbours. Out: unit normal, world.
#include "mesh.glsl"
#stage vertex
in vec2 in_corner;
void main() { gl_Position = vec4(in_corner, 0.0, 1.0); }
#stage fragment
uniform usampler2D u_ring_runs;   // first entry, entry count
uniform usampler2D u_ring_pairs;  // next and previous vertex of a quad's corner
out vec4 frag_color;

const int RING_WIDTH_BITS = 10;

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    uvec2 run = texelFetch(u_ring_runs, texel, 0).xy;
    vec3 center = texelFetch(u_positions, texel, 0).xyz;
    vec3 normal = vec3(0.0);
    int last = int(run.x + run.y);
    for (int entry = int(run.x); entry < last; entry++) {
        ivec2 at = ivec2(entry & ((1 << RING_WIDTH_BITS) - 1), entry >> RING_WIDTH_BITS);
        uvec2 pair = texelFetch(u_ring_pairs, at, 0).xy;
        normal += cross(posed_position(int(pair.x)) - center, posed_position(int(pair.y)) - center);
    }
    frag_color = vec4(normal / max(length(normal), 1e-12), 0.0);
}
