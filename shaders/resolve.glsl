// Drawn picture to shown picture: tone mapping, edge smoothing, background.
// In: linear premultiplied HDR of any size. Out: display sRGB, premultiplied but for background 4.
#stage vertex
in vec2 in_corner;
out vec2 v_place;  // 0..1
void main() {
    v_place = in_corner * 0.5 + 0.5;
    gl_Position = vec4(in_corner, 0.0, 1.0);
}
#stage fragment
in vec2 v_place;
uniform sampler2D u_drawn;
uniform sampler2D u_picture;
uniform int u_scale;         // drawn smaller than shown -1, as large 0, larger 1
uniform int u_background;    // 0 transparent, 1 plain, 2 picture, 3 gradient, 4 transparent, straight
uniform vec3 u_inner;        // display sRGB: plain colour or middle of the gradient
uniform vec3 u_outer;
uniform vec2 u_picture_scale;
uniform float u_aspect;
uniform bool u_toned;        // the drawn picture is as bright as the scene: it has to be toned
out vec4 frag_color;

#include "tone.glsl"

vec3 srgb_from_linear(vec3 color) {
    return mix(color * 12.92, 1.055 * pow(max(color, 1e-5), vec3(1.0 / 2.4)) - 0.055,
               step(0.0031308, color));
}

// Linear 0..1, premultiplied: the drawn picture at a place.
vec4 developed(vec2 place) {
    vec4 drawn = texture(u_drawn, place);
    vec3 color = drawn.rgb / max(drawn.a, 1e-4);
    return vec4((u_toned ? filmic(color) : clamp(color, 0.0, 1.0)) * drawn.a, drawn.a);
}

vec4 four_around(vec2 place, vec2 away) {
    return 0.25 * (developed(place + away) + developed(place - away) +
                   developed(place + vec2(away.x, -away.y)) + developed(place + vec2(-away.x, away.y)));
}

// About as bright as the eye sees it.
float edge_signal(vec4 color) { return sqrt(dot(color.rgb, vec3(0.21, 0.72, 0.07))) + color.a; }

// Blends along an edge where the four neighbours differ.
vec4 smoothed(vec2 at) {
    vec2 texel = 1.0 / vec2(textureSize(u_drawn, 0));
    vec2 right = vec2(texel.x, 0.0), up = vec2(0.0, texel.y);
    vec4 center = developed(at);
    vec4 north = developed(at + up), south = developed(at - up);
    vec4 east = developed(at + right), west = developed(at - right);
    if (center.a + north.a + south.a + east.a + west.a == 0.0) return vec4(0.0);
    float c = edge_signal(center), n = edge_signal(north), s = edge_signal(south);
    float e = edge_signal(east), w = edge_signal(west);
    float lowest = min(c, min(min(n, s), min(e, w))), highest = max(c, max(max(n, s), max(e, w)));
    float amount = 0.7 * smoothstep(0.06, 0.35, highest - lowest);
    bool upright = abs(n + s - 2.0 * c) > abs(e + w - 2.0 * c);
    vec4 vertical = abs(n - c) > abs(s - c) ? north : south;
    vec4 level = abs(e - c) > abs(w - c) ? east : west;
    vec4 blended = 0.5 * center + 0.25 * (upright ? vertical : level) +
                   0.0625 * (north + south + east + west);
    return mix(center, blended, amount);
}

float dither(vec2 at) { return fract(52.9829189 * fract(dot(at, vec2(0.06711056, 0.00583715)))) - 0.5; }

void main() {
    vec4 figure;
    if (u_scale > 0) {  // four quarters of the pixel, tone mapped first: highlights get soft edges
        figure = four_around(v_place, 0.25 * vec2(dFdx(v_place.x), dFdy(v_place.y)));
    } else if (u_scale < 0) {  // a little soft rather than in blocks
        figure = four_around(v_place, 0.4 / vec2(textureSize(u_drawn, 0)));
    } else {
        figure = smoothed(v_place);
    }
    vec4 behind = vec4(0.0);
    if (u_background == 1) {
        behind = vec4(u_inner, 1.0);
    } else if (u_background == 2) {
        behind = vec4(texture(u_picture, (v_place - 0.5) * u_picture_scale + 0.5).rgb, 1.0);
    } else if (u_background == 3) {
        vec2 from_center = (v_place - vec2(0.5, 0.58)) * vec2(u_aspect, 1.0);
        float fall = smoothstep(0.0, 0.85, length(from_center));
        behind = vec4(mix(u_inner, u_outer, fall) + dither(gl_FragCoord.xy) / 255.0, 1.0);
    }
    vec3 shown = srgb_from_linear(figure.rgb / max(figure.a, 1e-4)) * figure.a;
    frag_color = vec4(shown, figure.a) + behind * (1.0 - figure.a);
    if (u_background == 4) frag_color.rgb /= max(figure.a, 1e-4);
}
