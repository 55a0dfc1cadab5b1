// Runs the package for tests/test_unity.py: a command is the first argument, data come line by line.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading;
using Mien;
using UnityEngine;

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
        using (var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            again.Bind(new IPEndPoint(IPAddress.Loopback, port)); // the port is free
        }
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
        var decoder = (FaceDecoder)typeof(FaceSocket).GetField("_decoder", Character.Any)
            .GetValue(socket);
        int before = 0;
        for (int i = 0; i < 200000; i++)
        {
            if (i == 100) before = GC.CollectionCount(0);
            decoder.Read(datagram, datagram.Length);
            show();
        }
        Console.WriteLine(GC.CollectionCount(0) - before);
        Console.WriteLine(character.First.Weights.Max());
        character.Call("OnDisable");
        return 0;
    }

    // Every datagram has 52 equal weights; prints how many faces were read that had not.
    private static int Tearing()
    {
        byte[] datagram = Bytes(Console.ReadLine());
        int torn = 0, read = 0;
        using (var socket = new FaceSocket(0, false))
        using (var sender = new UdpClient())
        {
            var face = new FaceNumbers();
            for (int i = 0; read < 500 && i < 1000000; i++)
            {
                byte[] number = BitConverter.GetBytes(i % 1000 / 1000f);
                Array.Reverse(number);
                for (int start = datagram.Length - 52 * 4; start < datagram.Length; start += 4)
                {
                    Array.Copy(number, 0, datagram, start, 4);
                }
                sender.Send(datagram, datagram.Length, "127.0.0.1", socket.Port);
                if (!socket.TryRead(face)) continue;
                read++;
                if (face.Weights.Any(weight => weight != face.Weights[0])) torn++;
            }
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
