// Three-point light and a dim studio round it. Needs frame.glsl. All colours linear.
uniform sampler2DShadow u_shadow;  // depth seen from the key light

const float PI = 3.14159265;

// Share of the key light that arrives, 0..1: taps on a spiral, each of 2x2 texels.
float key_shadow(vec3 world, vec3 normal, float radius_texels, int taps) {
    vec3 lifted = world + normal * 0.0012;
    vec4 clip = shadow_from_world * vec4(lifted, 1.0);
    vec3 at = clip.xyz * 0.5 + 0.5;
    at.z -= 0.0012;
    vec2 texel = radius_texels / vec2(textureSize(u_shadow, 0));
    float lit = 0.0;
    for (int tap = 0; tap < taps; tap++) {
        float radius = sqrt((float(tap) + 0.5) / float(taps));
        float angle = 2.39996 * float(tap);
        lit += texture(u_shadow, vec3(at.xy + radius * texel * vec2(cos(angle), sin(angle)), at.z));
    }
    float beyond = step(1.0, max(abs(clip.x), abs(clip.y)));  // what the map does not cover is lit
    return max(lit / float(taps), beyond);
}

// GGX reflection of a light, without its colour; includes n·l.
float highlight(vec3 normal, vec3 view, vec3 light, float roughness, float f0) {
    vec3 middle = normalize(view + light);
    float nl = max(dot(normal, light), 0.0);
    float nv = max(dot(normal, view), 0.05);
    float nh = max(dot(normal, middle), 0.0);
    float vh = max(dot(view, middle), 0.0);
    float a2 = pow(roughness, 4.0);
    float spread = nh * nh * (a2 - 1.0) + 1.0;
    float k = roughness * roughness * 0.5;
    float visible = 0.25 / ((nl * (1.0 - k) + k) * (nv * (1.0 - k) + k));
    float fresnel = f0 + (1.0 - f0) * pow(1.0 - vh, 5.0);
    return a2 / (spread * spread) * visible * fresnel * nl;
}

// Light from all round on a matt surface: sky cool, floor warm.
vec3 surrounding(vec3 normal) {
    float up = normal.y * 0.5 + 0.5;
    float front = normal.z * 0.5 + 0.5;
    return mix(vec3(0.070, 0.052, 0.044), vec3(0.185, 0.195, 0.225), up) * (0.6 + 0.5 * front);
}

// What a mirror would show: dark room, bright ceiling, two soft boxes; blurred by roughness.
vec3 reflected_studio(vec3 direction, float roughness) {
    vec3 room = mix(vec3(0.05, 0.045, 0.045), vec3(0.42, 0.45, 0.52), smoothstep(-0.3, 0.9, direction.y));
    float blur = 0.03 + 0.5 * roughness;
    float key_box = smoothstep(0.86 - blur, 0.93 + 0.2 * blur, dot(direction, key_direction.xyz));
    float fill_box = smoothstep(0.75 - blur, 0.93 + 0.2 * blur, dot(direction, fill_direction.xyz));
    return room + key_color.rgb * key_box * 0.5 + fill_color.rgb * fill_box * 0.4;
}
