// Depth of the scalp hair seen from the key light.
#include "frame.glsl"
#stage vertex
#include "turning.glsl"
in vec3 in_position;
in vec3 in_tangent;
in vec4 in_strand;
in float in_width;
uniform float u_widening;  // where only a share of the strands is drawn
void main() {
    vec3 world = world_from_rest(in_position, 1.0);
    vec3 across = normalize(cross(turned(in_tangent, 1.0), key_direction.xyz));
    world += across * (in_strand.x * 2.0 - 1.0) * 0.6 * u_widening * max(in_width, 0.0003);
    gl_Position = shadow_from_world * vec4(world, 1.0);
}
#stage fragment
void main() {}
