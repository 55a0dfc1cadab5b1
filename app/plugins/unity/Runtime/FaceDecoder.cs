using System;
using System.Collections.Generic;
using System.Text;

namespace Mien
{
    /// <summary>
    /// mien's OSC with any prefix: the end of an address says what it is. Numbers are brought into
    /// their range; what is not finite or no rotation is passed over. Allocates only when made.
    /// </summary>
    public sealed class FaceDecoder : IOscListener
    {
        private const double LargestAngle = 180.0; // degrees

        private static readonly byte[] Tracked = Ascii("/tracked");
        private static readonly byte[] Weights = Ascii("/blendshapes");
        private static readonly byte[] Head = Ascii("/head/quat");
        private static readonly byte[] LeftEye = Ascii("/eye/left");
        private static readonly byte[] RightEye = Ascii("/eye/right");

        private readonly OscReader _reader = new OscReader();
        private readonly Dictionary<uint, int> _numbers = new Dictionary<uint, int>();
        private readonly byte[][] _addresses = new byte[Blendshapes.Names.Length][];
        private bool _found;

        public FaceDecoder()
        {
            for (int i = 0; i < _addresses.Length; i++)
            {
                _addresses[i] = Ascii("/" + Blendshapes.Names[i]);
                _numbers.Add(Hash(_addresses[i], 0, _addresses[i].Length), i);
            }
        }

        /// <summary>What was received so far.</summary>
        public FaceNumbers Face { get; } = new FaceNumbers();

        /// <summary>Whether the datagram told anything of a face.</summary>
        public bool Read(byte[] datagram, int length)
        {
            _found = false;
            _reader.Read(datagram, length, this);
            if (_found) Face.Changes++;
            return _found;
        }

        void IOscListener.OnMessage(
            byte[] datagram, int address, int length, double[] numbers, int count)
        {
            for (int i = 0; i < count; i++)
            {
                if (double.IsNaN(numbers[i]) || double.IsInfinity(numbers[i])) return;
            }
            _found |= Take(datagram, address, length, numbers, count);
        }

        private bool Take(byte[] datagram, int address, int length, double[] numbers, int count)
        {
            int last = address + length - 1;
            while (last > address && datagram[last] != '/') last--;
            int number;
            int lastLength = address + length - last;
            if (count == 1
                && _numbers.TryGetValue(Hash(datagram, last, lastLength), out number)
                && EndsWith(datagram, address, length, _addresses[number]))
            {
                Face.Weights[number] = Weight(numbers[0]);
                return true;
            }
            if (count == 1 && EndsWith(datagram, address, length, Tracked))
            {
                Face.Tracked = numbers[0] != 0.0;
                return true;
            }
            if (count == Face.Weights.Length && EndsWith(datagram, address, length, Weights))
            {
                for (int i = 0; i < count; i++) Face.Weights[i] = Weight(numbers[i]);
                return true;
            }
            if (count == 4 && EndsWith(datagram, address, length, Head)) return TakeHead(numbers);
            if (count == 2 && EndsWith(datagram, address, length, LeftEye)) return TakeEye(0, numbers);
            if (count == 2 && EndsWith(datagram, address, length, RightEye)) return TakeEye(2, numbers);
            return false;
        }

        private bool TakeHead(double[] numbers)
        {
            double squares = 0.0;
            for (int i = 0; i < 4; i++) squares += numbers[i] * numbers[i];
            if (!(squares > 0.25 && squares < 4.0)) return false;
            for (int i = 0; i < 4; i++) Face.Head[i] = (float)(numbers[i] / Math.Sqrt(squares));
            return true;
        }

        private bool TakeEye(int start, double[] degrees)
        {
            for (int i = 0; i < 2; i++)
            {
                double limited = Math.Max(-LargestAngle, Math.Min(LargestAngle, degrees[i]));
                Face.Eyes[start + i] = (float)(limited * Math.PI / 180.0);
            }
            return true;
        }

        private static float Weight(double number)
        {
            return (float)Math.Max(0.0, Math.Min(1.0, number));
        }

        private static bool EndsWith(byte[] data, int start, int length, byte[] end)
        {
            if (length < end.Length) return false;
            start += length - end.Length;
            for (int i = 0; i < end.Length; i++)
            {
                if (data[start + i] != end[i]) return false;
            }
            return true;
        }

        /// <summary>FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/</summary>
        private static uint Hash(byte[] data, int start, int length)
        {
            uint hash = 2166136261;
            for (int i = start; i < start + length; i++)
            {
                hash = unchecked((hash ^ data[i]) * 16777619);
            }
            return hash;
        }

        private static byte[] Ascii(string text)
        {
            return Encoding.ASCII.GetBytes(text);
        }
    }
}
