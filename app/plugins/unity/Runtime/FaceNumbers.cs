using System;

namespace Mien
{
    /// <summary>
    /// A face: 52 weights, the head's rotation, both eyes' directions. mien's axes are right-handed:
    /// +X the person's left, +Y up, +Z out of the face; yaw + turns to the person's left, pitch +
    /// looks down.
    /// </summary>
    public sealed class FaceNumbers
    {
        /// <summary>0..1, in the order of <see cref="Blendshapes.Names"/>.</summary>
        public readonly float[] Weights = new float[52];

        /// <summary>Quaternion x y z w of unit length.</summary>
        public readonly float[] Head = { 0f, 0f, 0f, 1f };

        /// <summary>Yaw, pitch of the left eye, of the right eye, in radians.</summary>
        public readonly float[] Eyes = new float[4];

        /// <summary>Whether mien sees a face.</summary>
        public bool Tracked;

        /// <summary>Counts datagrams that told something.</summary>
        public int Changes;

        public void CopyTo(FaceNumbers other)
        {
            Array.Copy(Weights, other.Weights, Weights.Length);
            Array.Copy(Head, other.Head, Head.Length);
            Array.Copy(Eyes, other.Eyes, Eyes.Length);
            other.Tracked = Tracked;
            other.Changes = Changes;
        }
    }
}
