// Runs the package for tests/test_unity.py: a command is the first argument, data come line by line.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Reflection;
using System.Threading;
using Mien;
using UnityEngine;
using Debug = UnityEngine.Debug;

internal static class Driver
{
    private static int Main(string[] arguments)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        Thread.CurrentThread.CurrentCulture = CultureInfo.InvariantCulture;
        switch (arguments[0])
        {
            case "decode":
                return Decode();
            case "spell":
                foreach (string line in Lines()) Console.WriteLine(Blendshapes.NumberOf(line));
                return 0;
            case "names":
                foreach (string name in Blendshapes.Names) Console.WriteLine(name);
                return 0;
            case "show":
                return Show(int.Parse(arguments[1]));
            case "collections":
                return Collections();
            case "tearing":
                return Tearing();
            default:
                return 2;
        }
    }

    private static IEnumerable<string> Lines()
    {
        string line;
        while ((line = Console.ReadLine()) != null) yield return line;
    }

    // Datagrams as hexadecimal digits; after each: changes, tracked, weights, head, eyes.
    private static int Decode()
    {
        var decoder = new FaceDecoder();
        foreach (string line in Lines())
        {
            byte[] datagram = Bytes(line);
            decoder.Read(datagram, datagram.Length);
            FaceNumbers face = decoder.Face;
            Print(new[] { face.Changes, face.Tracked ? 1f : 0f }
                .Concat(face.Weights).Concat(face.Head).Concat(face.Eyes));
        }
        return 0;
    }

    // A character that receives. Each line: how many datagrams to wait for; then are printed the
    // weights of its three meshes, and the rotations of head and eyes in the world.
    private static int Show(int port)
    {
        Character character = new Character(port);
        Console.WriteLine(string.Join(" | ", Debug.Lines));
        Console.Out.Flush();
        foreach (string line in Lines())
        {
            if (line == "end") character.Call("OnDisable");
            if (line == "destroy") character.Second.IsDestroyed = true;
            int changes;
            if (int.TryParse(line, out changes))
            {
                while (character.Receiver.Face.Changes < changes) character.Call("LateUpdate");
            }
            Print(character.First.Weights.Concat(character.Second.Weights)
                .Concat(character.Third.Weights)
                .Concat(Numbers(character.Head.rotation))
                .Concat(Numbers(character.LeftEye.rotation))
                .Concat(Numbers(character.RightEye.rotation))
                .Concat(new[] { character.Receiver.IsReceiving ? 1f : 0f }));
            Console.Out.Flush();
        }
        character.Call("OnDisable");
        return 0;
    }

    // How often memory was collected while many datagrams were read and many frames were shown.
    private static int Collections()
    {
        byte[] datagram = Bytes(Console.ReadLine());
        var character = new Character(0);
        Action show = (Action)Delegate.CreateDelegate(
            typeof(Action), character.Receiver,
            typeof(FaceReceiver).GetMethod("LateUpdate", Character.Any));
        var socket = (FaceSocket)Field("_socket").GetValue(character.Receiver);
        var take = (Action<byte[], int>)Delegate.CreateDelegate(
            typeof(Action<byte[], int>), socket,
            typeof(FaceSocket).GetMethod("Take", Character.Any));
        int before = 0;
        for (int i = 0; i < 200000; i++)
        {
            if (i == 100) before = GC.CollectionCount(0);
            take(datagram, datagram.Length);
            show();
        }
        Console.WriteLine(GC.CollectionCount(0) - before);
        Console.WriteLine(character.First.Weights.Max());
        character.Call("OnDisable");
        return 0;
    }

    // For .7 s a thread sends as fast as it can, each datagram with 52 equal weights. Prints how many faces
    // were read, and how many of them had different ones.
    private static int Tearing()
    {
        byte[] datagram = Bytes(Console.ReadLine());
        int torn = 0, read = 0;
        bool ending = false;
        using (var socket = new FaceSocket(0, false))
        {
            var sending = new Thread(() =>
            {
                using (var sender = new UdpClient())
                {
                    for (int i = 0; !Volatile.Read(ref ending); i++)
                    {
                        byte[] number = BitConverter.GetBytes(i % 1000 / 1000f);
                        Array.Reverse(number);
                        for (int start = datagram.Length - 208; start < datagram.Length; start += 4)
                        {
                            Array.Copy(number, 0, datagram, start, 4);
                        }
                        sender.Send(datagram, datagram.Length, "127.0.0.1", socket.Port);
                    }
                }
            });
            sending.Start();
            var face = new FaceNumbers();
            var watch = Stopwatch.StartNew();
            while (watch.ElapsedMilliseconds < 700)
            {
                Thread.SpinWait(300);
                if (!socket.TryRead(face)) continue;
                read++;
                for (int i = 1; i < 52; i++)
                {
                    if (face.Weights[i] == face.Weights[0]) continue;
                    torn++;
                    break;
                }
            }
            Volatile.Write(ref ending, true);
            sending.Join();
        }
        Console.WriteLine(read + " " + torn);
        return 0;
    }

    private static FieldInfo Field(string name)
    {
        return typeof(FaceReceiver).GetField(name, Character.Any);
    }

    private static IEnumerable<float> Numbers(Quaternion q)
    {
        return new[] { q.x, q.y, q.z, q.w };
    }

    private static void Print(IEnumerable<float> numbers)
    {
        Console.WriteLine(string.Join(" ", numbers.Select(n => n.ToString("R"))));
    }

    private static byte[] Bytes(string digits)
    {
        return Enumerable.Range(0, digits.Length / 2)
            .Select(i => Convert.ToByte(digits.Substring(2 * i, 2), 16)).ToArray();
    }

    // A humanoid that is turned in the world, with bones that lie crooked at rest.
    private sealed class Character
    {
        public const BindingFlags Any =
            BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

        public readonly FaceReceiver Receiver;
        public readonly SkinnedMeshRenderer First, Second, Third;
        public readonly Transform Head, LeftEye, RightEye;

        public Character(int port)
        {
            Transform root = new GameObject("character", null).transform;
            root.localRotation = new Quaternion(0f, 0.6f, 0f, 0.8f);
            Transform neck = new GameObject("neck", root).transform;
            neck.localRotation = new Quaternion(0.5f, -0.5f, 0.5f, 0.5f);
            Head = new GameObject("head", neck).transform;
            Head.localRotation = new Quaternion(0.1f, 0.7f, -0.1f, 0.7f);
            LeftEye = new GameObject("left", Head).transform;
            RightEye = new GameObject("right", Head).transform;
            RightEye.localRotation = new Quaternion(0f, 0f, 0.6f, 0.8f);
            var animator = root.gameObject.AddComponent<Animator>();
            animator.Bones[HumanBodyBones.Head] = Head;
            animator.Bones[HumanBodyBones.LeftEye] = LeftEye;
            animator.Bones[HumanBodyBones.RightEye] = RightEye;
            First = Renderer(root, 100f, Blendshapes.Names);
            Second = Renderer(Head, 1f, "Body.JawOpen", "eyeBlink_L", "heel", "eyeBlink_R");
            Third = Renderer(Head, 100f, "smile");
            Receiver = root.gameObject.AddComponent<FaceReceiver>();
            Field("port").SetValue(Receiver, port);
            Call("Awake");
            Call("OnEnable");
        }

        public void Call(string message)
        {
            typeof(FaceReceiver).GetMethod(message, Any).Invoke(Receiver, null);
        }

        private static SkinnedMeshRenderer Renderer(
            Transform parent, float full, params string[] shapes)
        {
            var renderer = new GameObject("mesh", parent).AddComponent<SkinnedMeshRenderer>();
            renderer.sharedMesh = new Mesh { Shapes = shapes, Full = full };
            renderer.Weights = new float[shapes.Length];
            return renderer;
        }
    }
}
