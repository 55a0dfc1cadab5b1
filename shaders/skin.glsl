// Skin of face, neck, ears, lips and the inside of the mouth.
// In: posed mesh, masks, pore tile, scattering table. Out: linear colour, alpha 1.
#include "frame.glsl"
#include "look.glsl"
#stage vertex
#include "mesh.glsl"
in vec3 in_rest;         // average head, metres
in vec4 in_paint;        // lips, redness, lids, ears
in vec4 in_cover;        // inner mouth, scalp, stubble, occlusion
in float in_curvature;   // 1/mm / 0.25
out vec3 v_world;
out vec3 v_normal;
out vec3 v_rest;
out vec4 v_paint;
out vec4 v_cover;
out float v_curvature;
void main() {
    v_world = posed_position(gl_VertexID);
    v_normal = posed_normal(gl_VertexID);
    v_rest = in_rest;
    v_paint = in_paint;
    v_cover = in_cover;
    v_curvature = in_curvature;
    gl_Position = clip_from_world * vec4(v_world, 1.0);
}
#stage fragment
#include "lighting.glsl"
#include "detail.glsl"
#include "wrinkles.glsl"
in vec3 v_world;
in vec3 v_normal;
in vec3 v_rest;
in vec4 v_paint;
in vec4 v_cover;
in float v_curvature;
uniform sampler2D u_pores;
uniform sampler2D u_scattering;  // diffuse light by (n·l, curvature), per colour
out vec4 frag_color;

const float COARSE_PIXEL = 0.00085;  // metres at the head
const float PORE_TILE = 0.021;   // metres
const float DENT_TILE = 0.071;
const float GRAIN_TILE = 0.085;
const float BLOTCH_TILE = 0.19;

// Diffuse light through skin: red travels furthest, so it takes the smoothest normal.
vec3 scattered(vec3 smooth_normal, vec3 fine_normal, vec3 light, float curvature) {
    vec3 nl = vec3(dot(mix(fine_normal, smooth_normal, 0.85), light),
                   dot(mix(fine_normal, smooth_normal, 0.55), light),
                   dot(mix(fine_normal, smooth_normal, 0.35), light)) * 0.5 + 0.5;
    return vec3(texture(u_scattering, vec2(nl.r, curvature)).r,
                texture(u_scattering, vec2(nl.g, curvature)).g,
                texture(u_scattering, vec2(nl.b, curvature)).b);
}

// The same for the lesser lights, whose relief is hardly seen.
vec3 scattered_softly(vec3 normal, vec3 light, float curvature) {
    return texture(u_scattering, vec2(dot(normal, light) * 0.5 + 0.5, curvature)).rgb;
}

void main() {
    float lips = v_paint.x, redness = v_paint.y, lids = v_paint.z, ears = v_paint.w;
    float mouth = v_cover.x, scalp = v_cover.y, stubble = v_cover.z, occlusion = v_cover.w;
    vec3 view = normalize(camera_position.xyz - v_world);
    vec3 smooth_normal = normalize(v_normal);
    if (!gl_FrontFacing) smooth_normal = -smooth_normal;

    // Relief: pores everywhere but on the lips, which have upright furrows; folds by expression.
    // Where a pixel covers several pores they are left to the roughness.
    vec4 pores = vec4(vec3(0.0), 0.5);
    vec3 slope = vec3(0.0);
    float furrow = 0.5;
    bool fine = camera_position.w * length(camera_position.xyz) < COARSE_PIXEL;
    if (fine) {
        vec2 outward = normalize(v_rest.xz - vec2(0.0, -0.075));
        float sideways = smoothstep(0.55, 0.80, abs(outward.x));
        pores = upright_relief(u_pores, v_rest, sideways, PORE_TILE);
        vec4 dents = upright_relief(u_pores, v_rest + 0.013, sideways, DENT_TILE);
        vec4 furrows = upright_relief(u_pores, v_rest * vec3(1.0, 0.22, 1.0), sideways, 0.016);
        slope = mix(pores.xyz * 0.75 + dents.xyz * 0.22, furrows.xyz * vec3(0.9, 0.15, 0.5), lips);
        furrow = furrows.w;
    }
    vec4 fold = expression_fold(v_rest);
    mat3 world_from_head = transpose(mat3(head_from_world));
    slope = world_from_head * slope * mix(1.0, 0.35, mouth);
    fold.xyz = world_from_head * fold.xyz;
    vec3 normal = normalize(smooth_normal - (slope - smooth_normal * dot(slope, smooth_normal)));
    vec3 bend = fold.xyz - smooth_normal * dot(fold.xyz, smooth_normal);
    normal = normalize(normal - bend);
    vec3 base_normal = normalize(smooth_normal - 0.6 * bend);

    // Colour: tone, patches of blood and pigment, masks.
    float grain = mottle(u_pores, v_rest + 0.011, GRAIN_TILE);
    float blotch = mottle(u_pores, v_rest, BLOTCH_TILE);
    vec3 color = skin_color.rgb;
    color *= 1.0 + 0.10 * (grain - 0.5) + 0.10 * (blotch - 0.5);
    color *= mix(vec3(1.0), vec3(1.03, 1.0, 0.90), smoothstep(0.02, 0.07, v_rest.y));  // forehead
    float blood = clamp(redness * 1.15 + ears * 0.4 + 0.3 * (grain - 0.5) * (0.2 + redness), -0.3, 1.0);
    color *= mix(vec3(1.0), blood_color.rgb, blood);
    color *= mix(vec3(1.0), vec3(0.84, 0.72, 0.72), lids * 0.22);
    float spots = smoothstep(0.70, 0.80, mottle(u_pores, v_rest + 0.05, 0.0085));
    spots *= 0.15 + exp(-pow((v_rest.y + 0.026) / 0.022, 2.0)) * smoothstep(0.066, 0.040, abs(v_rest.x));
    color *= mix(vec3(1.0), vec3(0.76, 0.60, 0.50), spots * skin_color.w * (1.0 - lips));
    float shade = stubble * hair_tip_color.w;
    float follicles = smoothstep(0.35, 0.75, furrow);
    color = mix(color, color * 0.30 + hair_root_color.rgb * 0.5, shade * (0.30 + 0.6 * follicles));
    color *= 1.0 - 0.16 * (1.0 - pores.w) * (1.0 - lips);
    vec3 lip = mix(color, lip_color.rgb * (0.86 + 0.28 * furrow), lip_color.w);
    color = mix(color, lip, smoothstep(0.15, 0.75, lips));
    float cover = hair_root_color.w * smoothstep(0.25, 0.75, scalp + 0.35 * (grain - 0.5));
    color = mix(color, color * 0.05 + hair_root_color.rgb * 0.9, cover);
    color = mix(color, vec3(0.26, 0.055, 0.050) * (0.7 + 0.6 * grain), mouth);

    // Occlusion tints red: light that is lost here has partly travelled through skin.
    occlusion *= 1.0 - 0.55 * fold.w;
    vec3 open = pow(vec3(occlusion), vec3(0.82, 1.0, 1.06));
    float lit = key_shadow(v_world, smooth_normal, 7.0, fine ? 8 : 5);
    vec3 lit_through = pow(vec3(lit), vec3(0.82, 1.0, 1.06));
    float curvature = clamp(v_curvature + 0.25 * ears, 0.02, 1.0);

    vec3 key = scattered(base_normal, normal, key_direction.xyz, curvature) * key_color.rgb * lit_through;
    vec3 fill = scattered_softly(base_normal, fill_direction.xyz, curvature) * fill_color.rgb;
    vec3 rim = scattered_softly(base_normal, rim_direction.xyz, curvature) * rim_color.rgb;
    // From behind, the head itself hides the middle of the face; the shadow map is the key's only.
    float beside = max(smoothstep(0.030, 0.060, abs(v_rest.x)), smoothstep(0.0, -0.03, v_rest.z));
    rim *= beside;
    float edge = pow(1.0 - clamp(dot(normal, view), 0.0, 1.0), 4.0);
    vec3 light = key * mix(vec3(1.0), open, 0.45) + (fill + rim * 0.8) * mix(vec3(1.0), open, 0.8) +
                 surrounding(base_normal) * open;
    light += ears * rim_color.rgb * vec3(0.14, 0.03, 0.015) * (1.0 - occlusion * 0.5);
    vec3 result = color * light;

    // Oil: two lobes; pores and cheeks break it up, lips are moist.
    float t_zone = exp(-pow(v_rest.x / 0.026, 2.0)) * smoothstep(-0.055, -0.01, v_rest.y) * blood_color.w;
    float rough = 0.56 - 0.12 * t_zone + 0.22 * (grain - 0.5) + 0.10 * (1.0 - pores.w);
    rough = mix(rough, 0.40 + 0.18 * (furrow - 0.5), smoothstep(0.3, 0.9, lips));
    rough = clamp(mix(rough, 0.28, mouth), 0.2, 0.9);
    float gloss = mix(0.55 + 0.30 * t_zone, 0.85, max(lips, mouth)) * (0.55 + 0.45 * pores.w);
    gloss *= 1.0 - 0.8 * cover;
    gloss *= 1.0 - 0.6 * shade;
    float f0 = 0.028;
    vec3 shine = (0.62 * highlight(normal, view, key_direction.xyz, rough, f0) +
                  0.38 * highlight(normal, view, key_direction.xyz, rough * 0.62, f0)) * key_color.rgb * lit;
    shine += highlight(normal, view, fill_direction.xyz, rough, f0) * fill_color.rgb * 0.7 * occlusion * occlusion;
    shine += highlight(normal, view, rim_direction.xyz, rough, f0) * rim_color.rgb * 0.35 * occlusion * occlusion * beside;
    vec3 mirror = reflect(-view, normal);
    float fresnel = f0 + (1.0 - f0) * pow(1.0 - max(dot(normal, view), 0.0), 5.0) * (1.0 - rough);
    shine += reflected_studio(mirror, rough) * fresnel * 0.38 * occlusion * mix(0.35, 1.0, lit);
    result += shine * gloss * mix(0.5, 1.0, occlusion);
    result += edge * 0.03 * (rim_color.rgb + 0.5 * fill_color.rgb) * occlusion * (1.0 - cover) * (1.0 - mouth);
    frag_color = vec4(result, 1.0);
}
