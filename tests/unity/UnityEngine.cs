// As much of Unity's engine as the package uses, with Unity's mathematics, for tests without Unity.
using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public sealed class SerializeField : Attribute { }
    public sealed class DisallowMultipleComponent : Attribute { }

    public sealed class AddComponentMenu : Attribute
    {
        public AddComponentMenu(string menu) { }
    }

    public sealed class TooltipAttribute : Attribute
    {
        public TooltipAttribute(string text) { }
    }

    public enum HumanBodyBones { Head = 10, LeftEye = 21, RightEye = 22 }

    public static class Mathf
    {
        public static float Cos(float angle) { return (float)Math.Cos(angle); }
        public static float Sin(float angle) { return (float)Math.Sin(angle); }
    }

    public static class Debug
    {
        public static readonly List<string> Lines = new List<string>();
        public static void LogWarning(object line, Object about) { Lines.Add("warning: " + line); }
        public static void LogError(object line, Object about) { Lines.Add("error: " + line); }
    }

    public struct Quaternion
    {
        public float x, y, z, w;

        public Quaternion(float x, float y, float z, float w)
        {
            this.x = x; this.y = y; this.z = z; this.w = w;
        }

        public static Quaternion identity { get { return new Quaternion(0, 0, 0, 1); } }

        public static Quaternion Inverse(Quaternion q)
        {
            return new Quaternion(-q.x, -q.y, -q.z, q.w);
        }

        public static Quaternion operator *(Quaternion a, Quaternion b)
        {
            return new Quaternion(
                a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
                a.w * b.y + a.y * b.w + a.z * b.x - a.x * b.z,
                a.w * b.z + a.z * b.w + a.x * b.y - a.y * b.x,
                a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z);
        }
    }

    public class Object
    {
        public string name = "thing";
        public bool IsDestroyed;

        public static bool operator ==(Object a, Object b)
        {
            bool noA = ReferenceEquals(a, null) || a.IsDestroyed;
            bool noB = ReferenceEquals(b, null) || b.IsDestroyed;
            return noA || noB ? noA && noB : ReferenceEquals(a, b);
        }

        public static bool operator !=(Object a, Object b) { return !(a == b); }
        public override bool Equals(object other) { return this == other as Object; }
        public override int GetHashCode() { return 0; }
    }

    public class Component : Object
    {
        public GameObject gameObject;
        public Transform transform { get { return gameObject.transform; } }

        public T GetComponentInChildren<T>() where T : Component
        {
            T[] all = GetComponentsInChildren<T>(false);
            return all.Length > 0 ? all[0] : null;
        }

        public T[] GetComponentsInChildren<T>(bool includeInactive) where T : Component
        {
            var found = new List<T>();
            transform.Collect(found);
            return found.ToArray();
        }
    }

    public class MonoBehaviour : Component { }

    public sealed class GameObject : Object
    {
        public readonly Transform transform;
        public readonly List<Component> Components = new List<Component>();

        public GameObject(string name, Transform parent)
        {
            this.name = name;
            transform = new Transform { gameObject = this, parent = parent, name = name };
            if (parent != null) parent.Children.Add(transform);
        }

        public T AddComponent<T>() where T : Component, new()
        {
            var added = new T { gameObject = this, name = name };
            Components.Add(added);
            return added;
        }
    }

    public sealed class Transform : Component
    {
        public Quaternion localRotation = Quaternion.identity;
        public Transform parent;
        public readonly List<Transform> Children = new List<Transform>();

        public Quaternion rotation
        {
            get { return parent == null ? localRotation : parent.rotation * localRotation; }
        }

        public void Collect<T>(List<T> found) where T : Component
        {
            foreach (Component component in gameObject.Components)
            {
                if (component is T) found.Add((T)component);
            }
            foreach (Transform child in Children) child.Collect(found);
        }
    }

    public sealed class Animator : Component
    {
        public bool isHuman = true;
        public readonly Dictionary<HumanBodyBones, Transform> Bones =
            new Dictionary<HumanBodyBones, Transform>();

        public Transform GetBoneTransform(HumanBodyBones bone)
        {
            Transform found;
            return Bones.TryGetValue(bone, out found) ? found : null;
        }
    }

    public sealed class Mesh : Object
    {
        public string[] Shapes;
        public float Full = 100f;
        public int blendShapeCount { get { return Shapes.Length; } }
        public string GetBlendShapeName(int index) { return Shapes[index]; }
        public int GetBlendShapeFrameCount(int index) { return 1; }
        public float GetBlendShapeFrameWeight(int index, int frame) { return Full; }
    }

    public sealed class SkinnedMeshRenderer : Component
    {
        public Mesh sharedMesh;
        public float[] Weights;
        public void SetBlendShapeWeight(int index, float value) { Weights[index] = value; }
    }
}
