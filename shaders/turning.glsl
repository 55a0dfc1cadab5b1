// The head's rotation, taken in part by the neck. Needs frame.glsl.

// v turned by a share of the head's turn (Rodrigues' formula).
vec3 turned(vec3 v, float share) {
    vec3 axis = head_turn.xyz;
    float angle = head_turn.w * share;
    float c = cos(angle);
    return v * c + cross(axis, v) * sin(angle) + axis * dot(axis, v) * (1.0 - c);
}

// World position of a point of the resting head space.
vec3 world_from_rest(vec3 position, float share) {
    return turned(position - neck_pivot.xyz, share) + neck_pivot.xyz + head_position.xyz;
}
