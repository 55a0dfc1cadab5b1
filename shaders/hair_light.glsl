// Light on a hair of tangent T (Kajiya and Kay's model with two shifted lobes). Needs lighting.glsl.

float hair_lobe(vec3 tangent, vec3 light, vec3 view, float power) {
    vec3 middle = normalize(light + view);
    float along = dot(tangent, middle);
    return pow(max(1.0 - along * along, 0.0), power * 0.5) * smoothstep(-1.0, 0.0, dot(tangent, middle) + 1.0);
}

// color: of the hair; outward: away from the head, for soft shading of the whole.
// sheen: 0..1 strength of the narrow highlights.
vec3 hair_light(vec3 color, vec3 tangent, vec3 outward, vec3 view, float shift, float sheen, float lit, float open) {
    vec3 first = normalize(tangent - (0.10 + shift) * outward);
    vec3 second = normalize(tangent + (0.16 + shift) * outward);
    vec3 directions[3] = vec3[3](key_direction.xyz, fill_direction.xyz, rim_direction.xyz);
    vec3 colors[3] = vec3[3](key_color.rgb * lit, fill_color.rgb * open, rim_color.rgb * open * 0.8);
    vec3 result = surrounding(outward) * color * open;
    for (int i = 0; i < 3; i++) {
        float along = dot(tangent, directions[i]);
        float facing = clamp(dot(outward, directions[i]) * 0.7 + 0.3, 0.0, 1.0);
        float across = sqrt(max(1.0 - along * along, 0.0));
        vec3 shine = vec3(0.055) * hair_lobe(first, directions[i], view, 110.0) +
                     (color * 0.9 + 0.012) * hair_lobe(second, directions[i], view, 26.0);
        result += colors[i] * facing * (color * across * 0.75 + shine * sheen);
    }
    return result;
}
