// Folds that expressions draw into the skin, as relief: the cage is too coarse for them.
// Needs frame.glsl. Positions are those of the average head at rest, metres.

// Slope across a crease at signed distance d of half width w: down into it, up out of it.
float crease(float d, float w) { return d / w * exp(-d * d / (w * w)); }

// (slope as a rest-space vector, depth 0..1)
vec4 expression_fold(vec3 rest) {
    float side = step(0.0, rest.x);  // 1 on the person's left
    float across = abs(rest.x);
    vec4 fold = vec4(0.0);
    bool at_ease = brow_wrinkles == vec4(0.0) && cheek_wrinkles == vec4(0.0);
    if (at_ease || rest.z < 0.0) return fold;

    // Forehead: level lines when the brows rise.
    float raised = mix(brow_wrinkles.y, brow_wrinkles.x, smoothstep(-0.02, 0.02, rest.x));
    float forehead = smoothstep(0.030, 0.040, rest.y) * smoothstep(0.076, 0.060, rest.y) *
                     smoothstep(0.050, 0.028, across);
    float line_height = rest.y + 0.0022 * sin(rest.x * 95.0 + 0.6) + 0.06 * across * across / 0.05;
    float line_at = fract(line_height / 0.0088) - 0.5;
    fold.y += crease(line_at, 0.16) * forehead * raised * 0.55;
    fold.w += exp(-line_at * line_at / 0.012) * forehead * raised * 0.35;

    // Between the brows: upright lines when they are drawn down.
    float lowered = mix(brow_wrinkles.w, brow_wrinkles.z, smoothstep(-0.01, 0.01, rest.x));
    float glabella = smoothstep(0.004, 0.012, rest.y) * smoothstep(0.036, 0.024, rest.y);
    float upright = across - 0.0062 - 0.10 * max(rest.y - 0.015, 0.0);
    fold.x += crease(upright, 0.0024) * glabella * lowered * 0.6 * (side * 2.0 - 1.0);
    fold.w += exp(-upright * upright / 4.5e-6) * glabella * lowered * 0.45;

    // Nose wing to mouth corner: deepens with a smile.
    float smile = mix(cheek_wrinkles.y, cheek_wrinkles.x, side);
    float down = clamp((-0.034 - rest.y) / 0.034, 0.0, 1.0);
    float course = across - mix(0.0195, 0.0345, pow(down, 0.8));
    float extent = smoothstep(-0.030, -0.038, rest.y) * smoothstep(-0.076, -0.062, rest.y);
    fold.x += crease(course, 0.0042) * extent * 0.55 * smile * (side * 2.0 - 1.0);
    fold.w += exp(-course * course / 1.4e-5) * extent * 0.32 * smile;

    // Outer corner of the eye: rays when the eye narrows or the cheek lifts.
    float narrowed = mix(cheek_wrinkles.w, cheek_wrinkles.z, side);
    vec2 ray = vec2(across - 0.043, rest.y + 0.003);
    float reach = length(ray);
    float ray_angle = atan(ray.y, max(ray.x, 1e-4));
    float rays = sin(ray_angle * 9.0);
    float corner = smoothstep(0.004, 0.009, reach) * smoothstep(0.024, 0.013, reach) *
                   smoothstep(0.0, 0.004, ray.x) * smoothstep(1.2, 0.7, abs(ray_angle));
    fold.y += rays * corner * narrowed * 0.22;
    fold.w += (0.5 - 0.5 * cos(ray_angle * 9.0)) * corner * narrowed * 0.16;
    return fold;
}
