using UnityEngine;

namespace Mien
{
    /// <summary>
    /// A bone that turns, by mien's rotations, from how it lies at rest. Unity's axes are
    /// left-handed; a character looks along its root's +Z, its left is −X.
    /// </summary>
    public struct Turn
    {
        private readonly Transform _bone;
        private readonly Quaternion _rest;
        private readonly Quaternion _before;
        private readonly Quaternion _after;

        /// <summary>Now is the rest. <paramref name="bone"/> may be none.</summary>
        public Turn(Transform bone, Transform root)
        {
            _bone = bone;
            _rest = _before = _after = Quaternion.identity;
            if (bone == null) return;
            _rest = bone.localRotation;
            Quaternion parent = bone.parent == null ? Quaternion.identity : bone.parent.rotation;
            Quaternion parentInRoot = Quaternion.Inverse(root.rotation) * parent;
            _before = Quaternion.Inverse(parentInRoot);
            _after = parentInRoot * _rest;
        }

        /// <summary>To a quaternion x y z w of mien's.</summary>
        public void To(float x, float y, float z, float w)
        {
            if (_bone != null)
            {
                _bone.localRotation = _before * new Quaternion(x, -y, -z, w) * _after;
            }
        }

        /// <summary>To yaw and pitch of mien's, in radians.</summary>
        public void To(float yaw, float pitch)
        {
            float cy = Mathf.Cos(yaw / 2f), sy = Mathf.Sin(yaw / 2f);
            float cp = Mathf.Cos(pitch / 2f), sp = Mathf.Sin(pitch / 2f);
            To(cy * sp, sy * cp, -sy * sp, cy * cp);
        }

        /// <summary>Back to rest.</summary>
        public void Back()
        {
            if (_bone != null) _bone.localRotation = _rest;
        }
    }
}
