// Renode's system bus, and the interfaces of what is on it. See RenodeStub.cs.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

using Range = Antmicro.Renode.Core.Range;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Peripherals
{
    public interface IPeripheral : IEmulationElement { void Reset(); }
    public interface IMapped : IBusPeripheral { IEnumerable<IMappedSegment> MappedSegments { get; } }
}

namespace Antmicro.Renode.Peripherals.Bus
{
    public interface IBusPeripheral : IPeripheral { }
    public interface IKnownSize : IBusPeripheral { long Size { get; } }
    public interface IBytePeripheral : IBusPeripheral { byte ReadByte(long offset); void WriteByte(long offset, byte value); }
    public interface IWordPeripheral : IBusPeripheral { ushort ReadWord(long offset); void WriteWord(long offset, ushort value); }
    public interface IDoubleWordPeripheral : IBusPeripheral { uint ReadDoubleWord(long offset); void WriteDoubleWord(long offset, uint value); }

    public interface IBusController : IPeripheral
    {
        byte ReadByte(ulong address, IPeripheral context = null, ulong? cpuState = null);
        ushort ReadWord(ulong address, IPeripheral context = null, ulong? cpuState = null);
        uint ReadDoubleWord(ulong address, IPeripheral context = null, ulong? cpuState = null);
        void WriteByte(ulong address, byte value, IPeripheral context = null, ulong? cpuState = null);
        void WriteWord(ulong address, ushort value, IPeripheral context = null, ulong? cpuState = null);
        void WriteDoubleWord(ulong address, uint value, IPeripheral context = null, ulong? cpuState = null);
        void ReadBytes(ulong address, int count, byte[] destination, int startIndex, bool onlyMemory = false, IPeripheral context = null);
        byte[] ReadBytes(ulong address, int count, bool onlyMemory = false, IPeripheral context = null);
        void WriteBytes(byte[] bytes, ulong address, bool onlyMemory = false, IPeripheral context = null);
        void WriteBytes(byte[] bytes, ulong address, int startingIndex, long count, bool onlyMemory = false, IPeripheral context = null);
        void WriteBytes(byte[] bytes, ulong address, long count, bool onlyMemory = false, IPeripheral context = null);
        bool TryGetCurrentCPU(out ICPU cpu);
        IBusRegistered<IBusPeripheral> WhatIsAt(ulong address, IPeripheral context = null);
        void SetHookAfterPeripheralRead<T>(IBusPeripheral peripheral, Func<T, long, T> hook, Range? subrange = null);
        void SetHookBeforePeripheralWrite<T>(IBusPeripheral peripheral, Func<T, long, T> hook, Range? subrange = null);
    }

    /// <summary>Memories as byte arrays; everything else is a window.</summary>
    public class Bus : IBusController
    {
        public Bus(Machine machine) { this.machine = machine; }
        public readonly Dictionary<ulong, byte[]> Memories = new Dictionary<ulong, byte[]>();
        public readonly Dictionary<ulong, IDoubleWordPeripheral> Windows = new Dictionary<ulong, IDoubleWordPeripheral>();
        public int MasterWrites;
        /// <summary>A memory that the library may use directly, by its address.</summary>
        public readonly Dictionary<ulong, IMapped> Mapped = new Dictionary<ulong, IMapped>();
        public void AddWatchpoint(ulong address) { hooksOnRead[address] = 1; }
        public void RemoveWatchpoint(ulong address) { hooksOnRead.Remove(address); }
        private readonly Dictionary<ulong, int> hooksOnRead = new Dictionary<ulong, int>();

        public void Reset() { }
        public IBusRegistered<IBusPeripheral> WhatIsAt(ulong address, IPeripheral context)
        {
            IMapped memory;
            return Mapped.TryGetValue(address, out memory) ? new Registered { Peripheral = memory } : null;
        }
        private class Registered : IBusRegistered<IBusPeripheral> { public IBusPeripheral Peripheral { get; set; } }
        public byte ReadByte(ulong a, IPeripheral c, ulong? s) { return ReadBytes(a, 1, false, null)[0]; }
        public ushort ReadWord(ulong a, IPeripheral c, ulong? s) { return BitConverter.ToUInt16(ReadBytes(a, 2, false, null), 0); }
        public uint ReadDoubleWord(ulong a, IPeripheral c, ulong? s) { return BitConverter.ToUInt32(ReadBytes(a, 4, false, null), 0); }
        public void WriteByte(ulong a, byte v, IPeripheral c, ulong? s) { WriteBytes(new[] { v }, a, false, null); }
        public void WriteWord(ulong a, ushort v, IPeripheral c, ulong? s) { WriteBytes(BitConverter.GetBytes(v), a, false, null); }
        public void WriteDoubleWord(ulong a, uint v, IPeripheral c, ulong? s) { WriteBytes(BitConverter.GetBytes(v), a, false, null); }

        // Overloads that are only there to be chosen between.
        public void ReadBytes(ulong a, int n, byte[] to, int at, bool m, IPeripheral c) { throw new NotSupportedException(); }
        public void WriteBytes(byte[] b, ulong a, int at, long n, bool m, IPeripheral c) { throw new NotSupportedException(); }
        public void WriteBytes(byte[] b, ulong a, long n, bool m, IPeripheral c) { throw new NotSupportedException(); }

        public byte[] ReadBytes(ulong address, int count, bool onlyMemory, IPeripheral context)
        {
            var memory = Find(address);
            var bytes = new byte[count];
            Buffer.BlockCopy(memory.Value, (int)(address - memory.Key), bytes, 0, count);
            return bytes;
        }

        public void WriteBytes(byte[] bytes, ulong address, bool onlyMemory, IPeripheral context)
        {
            MasterWrites++;
            var memory = Find(address);
            Buffer.BlockCopy(bytes, 0, memory.Value, (int)(address - memory.Key), bytes.Length);
        }

        public bool TryGetCurrentCPU(out ICPU cpu)
        {
            cpu = machine.Cpus.Find(c => c.Executing);
            return cpu != null;
        }

        public void SetHookAfterPeripheralRead<T>(IBusPeripheral peripheral, Func<T, long, T> hook, Range? subrange)
        {
            readHooks[peripheral] = new Hook { Change = (Func<uint, long, uint>)(object)hook, At = subrange.Value };
        }

        public void SetHookBeforePeripheralWrite<T>(IBusPeripheral peripheral, Func<T, long, T> hook, Range? subrange)
        {
            writeHooks[peripheral] = new Hook { Change = (Func<uint, long, uint>)(object)hook, At = subrange.Value };
        }

        /// <summary>An access to a peripheral's registers through its hooks.</summary>
        public uint Read(IDoubleWordPeripheral peripheral, long offset) { return Hooked(readHooks, peripheral, offset, peripheral.ReadDoubleWord(offset)); }
        public void Write(IDoubleWordPeripheral peripheral, long offset, uint value) { peripheral.WriteDoubleWord(offset, Hooked(writeHooks, peripheral, offset, value)); }
        private static uint Hooked(Dictionary<IBusPeripheral, Hook> hooks, IBusPeripheral peripheral, long offset, uint value)
        {
            Hook hook;
            return hooks.TryGetValue(peripheral, out hook) && hook.At.Contains((ulong)offset) ? hook.Change(value, offset) : value;
        }
        private class Hook { public Func<uint, long, uint> Change; public Range At; }
        private readonly Dictionary<IBusPeripheral, Hook> readHooks = new Dictionary<IBusPeripheral, Hook>(), writeHooks = new Dictionary<IBusPeripheral, Hook>();

        private KeyValuePair<ulong, byte[]> Find(ulong address)
        {
            foreach(var memory in Memories)
            {
                if(address >= memory.Key && address < memory.Key + (ulong)memory.Value.Length)
                {
                    return memory;
                }
            }
            throw new ArgumentException(string.Format("no memory at 0x{0:X}", address));
        }

        private readonly Machine machine;
    }
}

namespace Antmicro.Renode.Peripherals.UART
{
    public enum Parity { Odd, Even, None, Forced1, Forced0, Multidrop }
    public enum Bits { None, One, Half, OneAndAHalf, Two }
    public interface IUART<T> : IPeripheral
    {
        event Action<T> CharReceived;
        void WriteChar(T value);
        uint BaudRate { get; }
        Bits StopBits { get; }
        Parity ParityBit { get; }
    }

    public interface IUART : IUART<byte> { }
}
