// Filmic curve, linear to linear 0..1: Narkowicz's fit to ACES; very bright colours drift to white.
vec3 filmic(vec3 color) {
    float bright = max(color.r, max(color.g, color.b));
    vec3 x = mix(color, vec3(bright), 0.25 * smoothstep(0.9, 4.0, bright)) * 0.88;
    return clamp(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}
