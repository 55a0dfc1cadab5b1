using System.Collections.Generic;
using System.Text;

namespace Mien
{
    /// <summary>The 52 ARKit blendshapes; left and right are the person's own.</summary>
    public static class Blendshapes
    {
        /// <summary>mien's order, which /face/blendshapes has, too.</summary>
        public static readonly string[] Names =
        {
            "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
            "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
            "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward",
            "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker",
            "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
            "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
            "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
            "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
            "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
            "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
            "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
        };

        private static readonly Dictionary<string, int> Spellings = AllSpellings();

        /// <summary>
        /// The number of the blendshape that a mesh's shape is named after, in any usual spelling;
        /// -1: none. mouthSmileLeft, MouthSmileLeft, mouthSmile_L, blendShape1.mouthSmileLeft.
        /// </summary>
        public static int NumberOf(string shape)
        {
            int number;
            if (Spellings.TryGetValue(Plain(shape, 0), out number)) return number;
            for (int i = shape.Length - 3; i >= 0; i--) // behind Maya's and Mixamo's prefixes
            {
                if (shape[i] != '.' && shape[i] != ':' && shape[i] != '|') continue;
                return Spellings.TryGetValue(Plain(shape, i), out number) ? number : -1;
            }
            return -1;
        }

        /// <summary>Without case and separators.</summary>
        private static string Plain(string shape, int start)
        {
            var plain = new StringBuilder();
            for (int i = start; i < shape.Length; i++)
            {
                char letter = char.ToLowerInvariant(shape[i]);
                if (letter >= 'a' && letter <= 'z' || letter >= '0' && letter <= '9')
                {
                    plain.Append(letter);
                }
            }
            return plain.ToString();
        }

        private static Dictionary<string, int> AllSpellings()
        {
            var found = new Dictionary<string, int>();
            for (int number = 0; number < Names.Length; number++)
            {
                string name = Names[number];
                found[Plain(name, 0)] = number;
                // jawLeft, mouthLeft are directions: "MouthL" is somebody's sound L.
                foreach (string side in new[] { "Left", "Right" })
                {
                    string pair = name.Substring(0, System.Math.Max(0, name.Length - side.Length));
                    if (name == pair + side && pair != "jaw" && pair != "mouth")
                    {
                        found[Plain(pair + side[0], 0)] = number;
                    }
                }
            }
            return found;
        }
    }
}
