// What is the same for every draw of a frame: camera, lights, pose. Written by app/viewer/frame.py.
// World: metres, the resting head space (engine/geometry.py). Colours of light are linear.
layout(std140) uniform Frame {
    mat4 clip_from_world;
    mat4 shadow_from_world;   // light's clip space
    mat4 head_from_world;     // the head's own turn and place undone (share 1)
    mat4 eye_from_head[2];    // rotation only: left, right; +Z is the optical axis
    vec4 camera_position;     // w: world size of a pixel at distance 1
    vec4 key_direction;       // towards the light
    vec4 key_color;
    vec4 fill_direction;
    vec4 fill_color;
    vec4 rim_direction;
    vec4 rim_color;
    vec4 head_turn;           // axis (unit), angle
    vec4 neck_pivot;          // w: unused
    vec4 head_position;       // w: unused
    vec4 eye_center[2];       // head space; w: radius
    vec4 brow_wrinkles;       // inner up left, inner up right, down left, down right; 0..1
    vec4 cheek_wrinkles;      // smile left, smile right, squint left, squint right; 0..1
    vec4 weights[13];         // 52 actions
};
