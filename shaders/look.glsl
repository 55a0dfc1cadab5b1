// The colours of a look, linear. Written by app/viewer/frame.py when the look changes.
layout(std140) uniform Look {
    vec4 skin_color;          // w: freckles 0..1
    vec4 lip_color;           // w: how much of it 0..1
    vec4 blood_color;         // multiplies the skin where blood shows; w: oiliness 0..1
    vec4 hair_root_color;     // w: scalp cover 0..1 (0 bald)
    vec4 hair_tip_color;      // w: stubble 0..1
    vec4 brow_color;          // w: unused
    vec4 iris_color;          // w: unused
    vec4 iris_inner_color;    // round the pupil
    vec4 shirt_color;         // w: knit 1, jersey 0
};
