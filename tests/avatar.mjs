// Poses an avatar with three.js and three-vrm: what others make of the same file.
// node avatar.mjs FILE ASKED: {shapes, neck, head, eyes, yaw, pitch, steps}; prints {mesh: [[x, y, z], …]}
import { readFileSync } from "node:fs";
import * as THREE from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { VRMLoaderPlugin } from "@pixiv/three-vrm";

globalThis.self = globalThis;
globalThis.ProgressEvent ??= class {};
const asked = JSON.parse(process.argv[3]);
const bytes = readFileSync(process.argv[2]);
const loader = new GLTFLoader();
loader.register((parser) => new VRMLoaderPlugin(parser));
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const gltf = await loader.parseAsync(buffer, "");
const vrm = gltf.userData.vrm;

function bone(name) {
    return vrm ? vrm.humanoid.getNormalizedBoneNode(name) : gltf.scene.getObjectByName(name);
}

bone("neck").quaternion.set(...asked.neck);
bone("head").quaternion.set(...asked.head);
if (vrm) {
    for (const [name, weight] of Object.entries(asked.shapes))
        vrm.expressionManager.setValue(name, weight);
    if (vrm.lookAt) {
        vrm.lookAt.yaw = asked.yaw;
        vrm.lookAt.pitch = asked.pitch;
    }
    vrm.update(0);
    for (let step = 0; step < (asked.steps ?? 0); step++) {
        gltf.scene.updateMatrixWorld(true); // as drawing does
        vrm.update(1 / 60);
    }
} else {
    for (const eye of ["leftEye", "rightEye"]) bone(eye).quaternion.set(...asked.eyes);
    gltf.scene.traverse((object) => {
        if (object.morphTargetDictionary)
            for (const [name, weight] of Object.entries(asked.shapes))
                object.morphTargetInfluences[object.morphTargetDictionary[name]] = weight;
    });
}
gltf.scene.updateMatrixWorld(true);
const found = {};
gltf.scene.traverse((object) => {
    if (!object.isMesh) return;
    const at = new THREE.Vector3();
    found[object.name] = Array.from({ length: object.geometry.attributes.position.count }, (_, i) =>
        object.getVertexPosition(i, at).applyMatrix4(object.matrixWorld).toArray());
});
console.log(JSON.stringify(found));
