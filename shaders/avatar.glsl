// A surface of an avatar: glTF's core material, unlit, or toon (MToon), and toon's outline.
// In: posed mesh, material. Out: linear as it is shown (already toned), premultiplied.
#include "frame.glsl"
#include "mesh.glsl"
layout(std140) uniform Material {
    vec4 base_color;
    vec4 shade_color;     // toon; w: shift of the border between light and shade
    vec4 emissive;        // w: how hard that border is
    vec4 rim;             // w: power
    vec4 matcap;          // w: lift of the rim
    vec4 outline;         // colour; w: how much of the light it takes
    vec4 core;            // metallic, roughness, normal scale, occlusion
    vec4 drawn;           // kind: 0 core, 1 unlit, 2 toon; alpha: 0 opaque, 1 mask, 2 blend; cutoff;
                          // share of the light that the rim takes
    vec4 width;           // of the outline: world metres, share of the view
    vec4 place_s[9];      // texture coordinates: a row to multiply s, t, 1 with; w: which pair
    vec4 place_t[9];
};
uniform bool u_outline;

const int COLOR = 0, SHADE = 1, NORMAL = 2, ROUGH = 3, OCCLUSION = 4, EMISSIVE = 5, RIM = 6,
          MATCAP = 7, WIDTH = 8;

vec2 placed(vec4 pairs, int use) {
    vec3 st = vec3(place_s[use].w < 0.5 ? pairs.xy : pairs.zw, 1.0);
    return vec2(dot(place_s[use].xyz, st), dot(place_t[use].xyz, st));
}
#stage vertex
in vec4 in_coordinates;
in vec4 in_color;
uniform sampler2D u_width;
out vec3 v_world;
out vec3 v_normal;
out vec4 v_coordinates;
out vec4 v_color;
void main() {
    v_world = posed_position(gl_VertexID);
    v_normal = posed_normal(gl_VertexID);
    v_coordinates = in_coordinates;
    v_color = in_color;
    vec4 clip = clip_from_world * vec4(v_world, 1.0);
    if (u_outline) {
        float share = textureLod(u_width, placed(in_coordinates, WIDTH), 0.0).g;
        v_world += v_normal * share * width.x;
        clip = clip_from_world * vec4(v_world, 1.0);
        vec4 beside = clip_from_world * vec4(v_world + v_normal, 1.0);
        vec2 outward = beside.xy / beside.w - clip.xy / clip.w;
        clip.xy += outward / max(length(outward), 1e-6) * share * width.y * 2.0 * clip.w;
    }
    gl_Position = clip;
}
#stage fragment
#include "lighting.glsl"
#include "tone.glsl"
in vec3 v_world;
in vec3 v_normal;
in vec4 v_coordinates;
in vec4 v_color;
uniform sampler2D u_color;
uniform sampler2D u_shade;
uniform sampler2D u_relief;
uniform sampler2D u_rough;
uniform sampler2D u_occlusion;
uniform sampler2D u_glow;
uniform sampler2D u_rim;
uniform sampler2D u_matcap;
out vec4 frag_color;

const vec3 WRAP = vec3(0.12, 0.09, 0.075);
const float KEY_TINT = 0.35;  // how much of the key light's colour a toon takes

// With the texture's relief. The tangents come from how coordinates change on the screen.
vec3 relieved(vec3 normal) {
    vec2 at = placed(v_coordinates, NORMAL);
    vec3 right = dFdx(v_world), up = dFdy(v_world);
    vec2 right_st = dFdx(at), up_st = dFdy(at);
    vec3 across = cross(up, normal), along = cross(normal, right);
    vec3 tangent = across * right_st.x + along * up_st.x;
    vec3 down = across * right_st.y + along * up_st.y;
    float longest = max(dot(tangent, tangent), dot(down, down));
    vec3 relief = texture(u_relief, at).xyz * 2.0 - 1.0;
    relief.xy *= core.z;
    if (core.z == 0.0 || longest < 1e-20) return normal;
    float scale = inversesqrt(longest) * (gl_FrontFacing ? 1.0 : -1.0);
    return normalize(tangent * scale * relief.x - down * scale * relief.y + normal * relief.z);
}

vec3 lit_core(vec3 color, vec3 smooth_normal, vec3 view) {
    vec3 normal = relieved(smooth_normal);
    vec4 rough_metal = texture(u_rough, placed(v_coordinates, ROUGH));
    float metal = clamp(rough_metal.b * core.x, 0.0, 1.0);
    float rough = clamp(rough_metal.g * core.y, 0.16, 1.0);
    float open = mix(1.0, texture(u_occlusion, placed(v_coordinates, OCCLUSION)).r, core.w);
    float lit = key_shadow(v_world, smooth_normal * 2.0, 6.0, 6);
    vec3 key = clamp((vec3(dot(normal, key_direction.xyz)) + WRAP) / (1.0 + WRAP), 0.0, 1.0);
    vec3 fill = clamp((vec3(dot(normal, fill_direction.xyz)) + WRAP) / (1.0 + WRAP), 0.0, 1.0);
    vec3 back = vec3(max(dot(normal, rim_direction.xyz), 0.0));
    vec3 light = key * key_color.rgb * lit + fill * fill_color.rgb * open +
                 surrounding(normal) * open + back * rim_color.rgb * 0.6;
    vec3 mirror = mix(vec3(0.04), color, metal);
    float f0 = max(mirror.r, max(mirror.g, mirror.b));
    vec3 shine = highlight(normal, view, key_direction.xyz, rough, f0) * key_color.rgb * lit +
                 highlight(normal, view, fill_direction.xyz, rough, f0) * fill_color.rgb * open +
                 highlight(normal, view, rim_direction.xyz, rough, f0) * rim_color.rgb * 0.4;
    float grazing = pow(1.0 - max(dot(normal, view), 0.0), 5.0) * (1.0 - rough);
    shine += reflected_studio(reflect(-view, normal), rough) * (f0 + (1.0 - f0) * grazing) *
             mix(0.35, 0.8, metal) * open;
    return filmic(color * (1.0 - metal) * light + shine * mirror / f0 +
                  texture(u_glow, placed(v_coordinates, EMISSIVE)).rgb * emissive.rgb);
}

vec3 key_tint() {
    return mix(vec3(1.0), key_color.rgb / max(key_color.r, max(key_color.g, key_color.b)), KEY_TINT);
}

vec3 lit_toon(vec3 color, vec3 smooth_normal, vec3 view) {
    vec3 normal = relieved(smooth_normal);
    vec3 shade = shade_color.rgb * texture(u_shade, placed(v_coordinates, SHADE)).rgb;
    float border = max(1.0 - emissive.w, 1e-3);
    float light = dot(normal, key_direction.xyz) + shade_color.w;
    light = clamp((light + border) / (2.0 * border), 0.0, 1.0);
    vec3 lighting = mix(vec3(1.0), key_tint(), light);
    vec3 result = mix(shade, color, light) * lighting;
    vec3 right = normalize(cross(vec3(0.0, 1.0, 0.0), view));
    vec2 sphere = vec2(dot(right, normal), dot(cross(view, right), normal));
    vec3 edge = rim.rgb * pow(clamp(1.0 - dot(normal, view) + matcap.w, 0.0, 1.0), max(rim.w, 1e-3));
    edge += matcap.rgb * texture(u_matcap, vec2(sphere.x, -sphere.y) * 0.495 + 0.5).rgb;
    edge *= texture(u_rim, placed(v_coordinates, RIM)).rgb;
    result += edge * mix(vec3(1.0), lighting, drawn.w);
    return result + texture(u_glow, placed(v_coordinates, EMISSIVE)).rgb * emissive.rgb;
}

void main() {
    vec4 color = base_color * texture(u_color, placed(v_coordinates, COLOR));
    if (drawn.x != 2.0) color *= v_color;
    float alpha = drawn.y == 2.0 ? color.a : 1.0;
    if (drawn.y == 1.0 && color.a < drawn.z) discard;
    if (alpha < 0.004) discard;
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 normal = normalize(v_normal) * (gl_FrontFacing ? 1.0 : -1.0);
    vec3 shown = color.rgb;
    if (u_outline) {
        shown = outline.rgb * mix(vec3(1.0), color.rgb, outline.w);
    } else if (drawn.x == 0.0) {
        shown = lit_core(color.rgb, normal, view);
    } else if (drawn.x == 2.0) {
        shown = lit_toon(color.rgb, normal, view);
    }
    frag_color = vec4(clamp(shown, 0.0, 1.0) * alpha, alpha);
}
