// Depth of the posed mesh seen from the key light.
#include "frame.glsl"
#include "mesh.glsl"
#stage vertex
void main() { gl_Position = shadow_from_world * vec4(posed_position(gl_VertexID), 1.0); }
#stage fragment
void main() {}
