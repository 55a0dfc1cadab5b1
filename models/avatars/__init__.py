"""A performer's own avatar: glTF files with morph targets and bones, VRM among them. No drawing.

avatar.py     READ FIRST: a file becomes an `Avatar`
gltf.py       the file: its document, arrays, pictures
nodes.py      which node hangs on which     meshes.py     vertices, triangles, morph targets
materials.py  core, unlit, MToon            vrm.py        what VRM 0.x and 1.0 say of it all
names.py      the spellings of shapes and bones
drives.py     what moves which morph target bones.py      what moves which bone
framing.py    where it stands before the camera
springs.py    what swings in it             swinging.py  how
"""
