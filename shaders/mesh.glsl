// Reads the posed head that pose.glsl and normals.glsl have left in textures, one texel a vertex.
uniform sampler2D u_positions;  // xyz world metres, w head share
uniform sampler2D u_normals;    // xyz world, unit

const int MESH_WIDTH_BITS = 8;

ivec2 vertex_texel(int vertex) {
    return ivec2(vertex & ((1 << MESH_WIDTH_BITS) - 1), vertex >> MESH_WIDTH_BITS);
}

vec3 posed_position(int vertex) { return texelFetch(u_positions, vertex_texel(vertex), 0).xyz; }

vec3 posed_normal(int vertex) { return texelFetch(u_normals, vertex_texel(vertex), 0).xyz; }
