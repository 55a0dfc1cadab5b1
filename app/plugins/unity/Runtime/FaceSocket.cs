using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace Mien
{
    /// <summary>
    /// Listens at a UDP port in a thread of its own, from construction to Dispose.
    /// </summary>
    public sealed class FaceSocket : IDisposable
    {
        private const int WakeMicroseconds = 200000; // between looks whether to end
        private const double SilentAfter = 1.5; // seconds; mien sends all once a second

        private readonly FaceDecoder _decoder = new FaceDecoder(); // the thread's
        private readonly object _lock = new object(); // guards the last face and its arrival
        private readonly FaceNumbers _face = new FaceNumbers();
        private readonly Socket _socket;
        private readonly Thread _thread;
        private long _arrived;
        private volatile bool _ending;

        /// <param name="fromOthers">Also what other computers send.</param>
        /// <exception cref="SocketException">The port is not to be had.</exception>
        public FaceSocket(int port, bool fromOthers)
        {
            _socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                _socket.ExclusiveAddressUse = true;
                _socket.Bind(new IPEndPoint(fromOthers ? IPAddress.Any : IPAddress.Loopback, port));
            }
            catch (SocketException)
            {
                _socket.Close();
                throw;
            }
            Port = ((IPEndPoint)_socket.LocalEndPoint).Port;
            _thread = new Thread(Listen) { IsBackground = true, Name = "mien face" };
            _thread.Start();
        }

        public int Port { get; }

        /// <summary>Whether something has arrived lately.</summary>
        public bool IsReceiving
        {
            get
            {
                lock (_lock)
                {
                    long silence = Stopwatch.GetTimestamp() - _arrived;
                    return _face.Changes > 0 && silence < SilentAfter * Stopwatch.Frequency;
                }
            }
        }

        /// <summary>The last face; false: it is the one that <paramref name="into"/> has.</summary>
        public bool TryRead(FaceNumbers into)
        {
            lock (_lock)
            {
                if (_face.Changes == into.Changes) return false;
                _face.CopyTo(into);
                return true;
            }
        }

        /// <summary>Releases the port, ends the thread. May be called twice.</summary>
        public void Dispose()
        {
            _ending = true;
            _thread.Join();
            _socket.Close();
        }

        private void Listen()
        {
            var datagram = new byte[65536];
            while (!_ending)
            {
                int length;
                try
                {
                    if (!_socket.Poll(WakeMicroseconds, SelectMode.SelectRead)) continue;
                    length = _socket.Receive(datagram);
                }
                catch (SocketException) // Windows tells of a sender that is not to be reached
                {
                    continue;
                }
                Take(datagram, length);
            }
        }

        private void Take(byte[] datagram, int length)
        {
            if (!_decoder.Read(datagram, length)) return;
            lock (_lock)
            {
                _decoder.Face.CopyTo(_face);
                _arrived = Stopwatch.GetTimestamp();
            }
        }
    }
}
