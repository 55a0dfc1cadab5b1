using System.Collections.Generic;
using System.Net.Sockets;
using UnityEngine;

namespace Mien
{
    /// <summary>
    /// Puts the face that mien tracks on a character: mien run --output osc. Shapes are found by
    /// their names in any usual spelling. Bones turn from how they lie when the component awakes.
    /// </summary>
    [AddComponentMenu("Mien/Face Receiver")]
    [DisallowMultipleComponent]
    public sealed class FaceReceiver : MonoBehaviour
    {
        [Tooltip("The port that mien sends to")]
        [SerializeField] private int port = 9009;

        [Tooltip("Receive what other computers in the network send, too")]
        [SerializeField] private bool fromOtherComputers = false;

        [Tooltip("Meshes with blendshapes; empty: all below this object")]
        [SerializeField] private SkinnedMeshRenderer[] meshes = new SkinnedMeshRenderer[0];

        [Tooltip("Empty: the humanoid's")]
        [SerializeField] private Transform head = null;

        [Tooltip("The character's own left eye; empty: the humanoid's")]
        [SerializeField] private Transform leftEye = null;

        [Tooltip("The character's own right eye; empty: the humanoid's")]
        [SerializeField] private Transform rightEye = null;

        [Tooltip("Turn head and eyes, not the face alone")]
        [SerializeField] private bool moveBones = true;

        private readonly FaceNumbers _face = new FaceNumbers();
        private FaceSocket _socket;
        private Shape[] _shapes = new Shape[0];
        private Turn _head;
        private Turn _leftEye;
        private Turn _rightEye;

        /// <summary>The last face that was put on the character.</summary>
        public FaceNumbers Face
        {
            get { return _face; }
        }

        /// <summary>Whether something has arrived lately.</summary>
        public bool IsReceiving
        {
            get { return _socket != null && _socket.IsReceiving; }
        }

        /// <summary>Looks again for meshes and bones, which lie at rest now.</summary>
        public void Bind()
        {
            _head.Back();
            _leftEye.Back();
            _rightEye.Back();
            var animator = GetComponentInChildren<Animator>();
            bool isHuman = animator != null && animator.isHuman;
            _head = Found(head, animator, isHuman, HumanBodyBones.Head);
            _leftEye = Found(leftEye, animator, isHuman, HumanBodyBones.LeftEye);
            _rightEye = Found(rightEye, animator, isHuman, HumanBodyBones.RightEye);
            var shapes = new List<Shape>();
            foreach (SkinnedMeshRenderer mesh in
                meshes.Length > 0 ? meshes : GetComponentsInChildren<SkinnedMeshRenderer>(true))
            {
                if (mesh != null && mesh.sharedMesh != null) AddShapes(mesh, shapes);
            }
            _shapes = shapes.ToArray();
        }

        private void Awake()
        {
            Bind();
        }

        private void OnEnable()
        {
            if (_shapes.Length == 0)
            {
                Debug.LogWarning(
                    "mien: no blendshape below " + name + " is named as ARKit's (jawOpen, …).", this);
            }
            try
            {
                _socket = new FaceSocket(port, fromOtherComputers);
            }
            catch (SocketException error)
            {
                Debug.LogError(
                    "mien: cannot listen at port " + port + ": " + error.Message + ". End the other "
                    + "program that uses it, or choose another port here and in mien.", this);
            }
        }

        private void OnDisable()
        {
            if (_socket == null) return;
            _socket.Dispose();
            _socket = null;
            _head.Back();
            _leftEye.Back();
            _rightEye.Back();
        }

        /// <summary>After animations, which would turn the bones back.</summary>
        private void LateUpdate()
        {
            if (_socket == null) return;
            if (_socket.TryRead(_face))
            {
                foreach (Shape shape in _shapes) shape.Show(_face.Weights);
            }
            if (!moveBones || _face.Changes == 0) return;
            _head.To(_face.Head[0], _face.Head[1], _face.Head[2], _face.Head[3]);
            _leftEye.To(_face.Eyes[0], _face.Eyes[1]);
            _rightEye.To(_face.Eyes[2], _face.Eyes[3]);
        }

        private Turn Found(Transform given, Animator animator, bool isHuman, HumanBodyBones bone)
        {
            if (given == null && isHuman) given = animator.GetBoneTransform(bone);
            return new Turn(given, transform);
        }

        private static void AddShapes(SkinnedMeshRenderer renderer, List<Shape> shapes)
        {
            Mesh mesh = renderer.sharedMesh;
            for (int i = 0; i < mesh.blendShapeCount; i++)
            {
                int number = Blendshapes.NumberOf(mesh.GetBlendShapeName(i));
                if (number < 0) continue;
                // 100 for FBX and VRM, 1 for some importers of glTF.
                int last = mesh.GetBlendShapeFrameCount(i) - 1;
                float full = mesh.GetBlendShapeFrameWeight(i, last);
                shapes.Add(new Shape(renderer, i, number, full));
            }
        }

        /// <summary>One blendshape of one mesh.</summary>
        private struct Shape
        {
            private readonly SkinnedMeshRenderer _renderer;
            private readonly int _index;
            private readonly int _number;
            private readonly float _full;

            public Shape(SkinnedMeshRenderer renderer, int index, int number, float full)
            {
                _renderer = renderer;
                _index = index;
                _number = number;
                _full = full;
            }

            public void Show(float[] weights)
            {
                if (_renderer == null) return; // destroyed meanwhile
                _renderer.SetBlendShapeWeight(_index, weights[_number] * _full);
            }
        }
    }
}
