namespace Mien
{
    /// <summary>Is told of the messages in a datagram.</summary>
    public interface IOscListener
    {
        /// <param name="address">Where it begins in the datagram, its length in bytes.</param>
        /// <param name="numbers">The first <paramref name="count"/> are the arguments.</param>
        void OnMessage(byte[] datagram, int address, int length, double[] numbers, int count);
    }

    /// <summary>
    /// Open Sound Control 1.0 (http://opensoundcontrol.stanford.edu/spec-1_0.html), messages that
    /// have nothing but numbers. Whatever arrives, it neither throws nor allocates; what is cut off,
    /// malformed or of other types is passed over. One reader serves one thread.
    /// </summary>
    public sealed class OscReader
    {
        private const int BundleHeader = 16; // "#bundle", zero, time tag
        private const int Deepest = 4; // bundles within bundles
        private const int MostArguments = 64;

        private readonly double[] _numbers = new double[MostArguments];

        /// <summary>Tells of each message among the first <paramref name="length"/> bytes.</summary>
        public void Read(byte[] datagram, int length, IOscListener listener)
        {
            ReadElement(datagram, 0, length, 0, listener);
        }

        private void ReadElement(byte[] data, int start, int end, int depth, IOscListener listener)
        {
            if (end - start >= 8 && data[start] == '#')
            {
                if (depth < Deepest) ReadBundle(data, start, end, depth, listener);
            }
            else if (end - start >= 8 && data[start] == '/')
            {
                ReadMessage(data, start, end, listener);
            }
        }

        private void ReadBundle(byte[] data, int start, int end, int depth, IOscListener listener)
        {
            start += BundleHeader;
            while (start + 4 <= end)
            {
                int size = Int32(data, start);
                start += 4;
                if (size <= 0 || size > end - start) return;
                ReadElement(data, start, start + size, depth + 1, listener);
                start += size;
            }
        }

        private void ReadMessage(byte[] data, int start, int end, IOscListener listener)
        {
            int length = TextLength(data, start, end);
            int tags = start + Padded(length);
            if (tags >= end || data[tags] != ',') return;
            int tagsLength = TextLength(data, tags, end);
            int place = tags + Padded(tagsLength);
            int count = 0;
            for (int tag = tags + 1; tag < tags + tagsLength; tag++)
            {
                if (count == MostArguments) return;
                int size = Size(data[tag]);
                if (size < 0 || size > end - place) return;
                _numbers[count++] = Number(data, place, data[tag]);
                place += size;
            }
            listener.OnMessage(data, start, length, _numbers, count);
        }

        /// <summary>Bytes before the zero; without one, so many that nothing comes behind.</summary>
        private static int TextLength(byte[] data, int start, int end)
        {
            int place = start;
            while (place < end && data[place] != 0) place++;
            return place - start;
        }

        private static int Padded(int length)
        {
            return (length / 4 + 1) * 4;
        }

        /// <summary>Bytes of an argument; -1: it is no number.</summary>
        private static int Size(byte tag)
        {
            switch ((char)tag)
            {
                case 'i':
                case 'f':
                    return 4;
                case 'h':
                case 'd':
                    return 8;
                case 'T':
                case 'F':
                    return 0;
                default:
                    return -1;
            }
        }

        private static double Number(byte[] data, int start, byte tag)
        {
            switch ((char)tag)
            {
                case 'i':
                    return Int32(data, start);
                case 'f':
                    return Single(Int32(data, start));
                case 'h':
                    return Int64(data, start);
                case 'd':
                    return System.BitConverter.Int64BitsToDouble(Int64(data, start));
                default:
                    return tag == 'T' ? 1.0 : 0.0;
            }
        }

        private static int Int32(byte[] data, int start)
        {
            return data[start] << 24 | data[start + 1] << 16 | data[start + 2] << 8 | data[start + 3];
        }

        private static long Int64(byte[] data, int start)
        {
            return (long)Int32(data, start) << 32 | (uint)Int32(data, start + 4);
        }

        /// <summary>The float with these bits; the library's own ways allocate or are too new.</summary>
        private static float Single(int bits)
        {
            return new SingleBits { Bits = bits }.Value;
        }

        [System.Runtime.InteropServices.StructLayout(
            System.Runtime.InteropServices.LayoutKind.Explicit)]
        private struct SingleBits
        {
            [System.Runtime.InteropServices.FieldOffset(0)] public int Bits;
            [System.Runtime.InteropServices.FieldOffset(0)] public float Value;
        }
    }
}
