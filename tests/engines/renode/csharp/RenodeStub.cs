// As much of Renode's interfaces as the bridge uses, with a machine that keeps virtual time; ProcessorStub.cs has the
// processor. Names, types, overloads and conversions follow Renode's sources, so that what compiles here does so there;
// behaviour follows them where the bridge depends on it: actions run at their time, SkipTime moves time, hooks are called
// under a lock, properties come after constructors.
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

namespace Antmicro.Renode.Time
{
    public struct TimeInterval
    {
        public const ulong TicksPerNanosecond = 1, TicksPerMillisecond = 1000000;
        public static TimeInterval FromMicroseconds(ulong v) { return FromTicks(v * 1000); }
        public static TimeInterval Min(TimeInterval a, TimeInterval b) { return a.Ticks < b.Ticks ? a : b; }
        public static bool operator ==(TimeInterval a, TimeInterval b) { return a.Ticks == b.Ticks; }
        public static bool operator !=(TimeInterval a, TimeInterval b) { return a.Ticks != b.Ticks; }
        public override bool Equals(object other) { return other is TimeInterval && this == (TimeInterval)other; }
        public override int GetHashCode() { return Ticks.GetHashCode(); }
        public ulong Ticks { get; private set; }
        public static TimeInterval FromNanoseconds(ulong v) { return FromTicks(v * TicksPerNanosecond); }
        public static TimeInterval FromTicks(ulong ticks) { return new TimeInterval { Ticks = ticks }; }
    }

    public interface ITimeSource
    {
        void ExecuteInNearestSyncedState(Action<TimeStamp> what, bool executeImmediately = false);
        event Action<TimeInterval> SyncHook;
        bool ExecuteInSerial { get; set; }
        TimeInterval Quantum { get; set; }
        TimeInterval NearestSyncPoint { get; }
    }

    public class MasterTimeSource
    {
        public TimeInterval NearestSyncPoint { get; set; }
        public TimeInterval ElapsedVirtualTime { get; set; }
        public event Action<TimeInterval> SyncHook;
        public void ExecuteInNearestSyncedState(Action<TimeStamp> what, bool executeImmediately = false) { delayed.Enqueue(what); }
        public void Synchronise()
        {
            if(SyncHook != null)
            {
                SyncHook(ElapsedVirtualTime);
            }
            while(delayed.Count > 0)
            {
                delayed.Dequeue()(new TimeStamp(ElapsedVirtualTime, null));
            }
        }
        private readonly Queue<Action<TimeStamp>> delayed = new Queue<Action<TimeStamp>>();
    }

    public class TimeHandle { public TimeInterval TotalElapsedTime { get; set; } }

    public struct ClockEntry
    {
        public bool Enabled { get; set; }
        public string LocalName { get; set; }
    }

    public interface IClockSource { }

    /// <summary>Entries of Renode's own, such as SysTick's.</summary>
    public class BaseClockSource : IClockSource
    {
        public TimeInterval NearestLimitIn { get; set; }
        public List<ClockEntry> Entries { get { return clockEntries; } }
        private readonly List<ClockEntry> clockEntries = new List<ClockEntry>();
    }

    public struct TimeStamp
    {
        public TimeStamp(TimeInterval interval, object domain) : this() { TimeElapsed = interval; }
        public TimeInterval TimeElapsed { get; private set; }
    }
}

namespace Antmicro.Migrant
{
    [AttributeUsage(AttributeTargets.Field | AttributeTargets.Class)]
    public class TransientAttribute : Attribute { }
    public class ConstructorAttribute : TransientAttribute { public ConstructorAttribute(params object[] parameters) { } }
}

namespace Antmicro.Migrant.Hooks
{
    [AttributeUsage(AttributeTargets.Method)]
    public class PreSerializationAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Method)]
    public class PostSerializationAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Method)]
    public class PostDeserializationAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Method)]
    public class LatePostDeserializationAttribute : Attribute { }
}

namespace Antmicro.Renode.Exceptions
{
    public class RecoverableException : Exception { public RecoverableException(string message) : base(message) { } }
    public class ConstructionException : RecoverableException { public ConstructionException(string message) : base(message) { } }
}

namespace Antmicro.Renode.Utilities
{
    /// <summary>Loads libraries as Renode does; symbols are those of the processor library's stand-in.</summary>
    public static class SharedLibraries
    {
        public static IntPtr LoadLibrary(string path)
        {
            var address = dlopen(path, 2);
            if(address == IntPtr.Zero)
            {
                throw new InvalidOperationException("Error while opening dynamic library: " + path);
            }
            return address;
        }

        public static IntPtr GetSymbolAddress(IntPtr library, string name)
        {
            IntPtr address;
            if(!Symbols.TryGetValue(library + name, out address))
            {
                throw new InvalidOperationException("Error while getting symbol from dynamic library: " + name);
            }
            return address;
        }

        public static readonly Dictionary<string, IntPtr> Symbols = new Dictionary<string, IntPtr>();

        [System.Runtime.InteropServices.DllImport("libdl.so.2")]
        private static extern IntPtr dlopen(string file, int mode);
    }
}

namespace Antmicro.Renode.Logging
{
    public sealed class LogLevel
    {
        public static readonly LogLevel Noisy = new LogLevel(-1), Debug = new LogLevel(0), Info = new LogLevel(1),
            Warning = new LogLevel(2), Error = new LogLevel(3);
        public override string ToString() { return new[] { "Noisy", "Debug", "Info", "Warning", "Error" }[NumericLevel + 1]; }
        public readonly int NumericLevel;
        private LogLevel(int level) { NumericLevel = level; }
    }

    public static class Logger
    {
        public static readonly List<string> Lines = new List<string>();
        public static LogLevel MinimumLogLevel = LogLevel.Info;
        public static void Log(this IEmulationElement e, LogLevel type, string message, params object[] args) { LogAs(e, type, message, args); }
        public static void Log(this IEmulationElement e, LogLevel type, string message) { LogAs(e, type, message); }
        public static void Log(this IEmulationElement e, LogLevel type, string message, object arg1) { LogAs(e, type, message, arg1); }
        public static void Log(this IEmulationElement e, LogLevel type, string message, object arg1, object arg2) { LogAs(e, type, message, arg1, arg2); }
        public static void LogAs(object o, LogLevel type, string message, params object[] args)
        {
            if(type.NumericLevel >= LogLevel.Info.NumericLevel)
            {
                Lines.Add(string.Format("{0} {1}: {2}", type, o.GetType().Name, args.Length == 0 ? message : string.Format(message, args)));
            }
        }
    }
}

namespace Antmicro.Renode.Core
{
    public interface IEmulationElement { }
    public class GPIOEndpoint { }
    public interface IMappedSegment { IntPtr Pointer { get; } ulong StartingOffset { get; } ulong Size { get; } void Touch(); }
    public interface IBusRegistered<out T> where T : IBusPeripheral { T Peripheral { get; } }
    public interface IGPIOReceiver : IPeripheral { void OnGPIO(int number, bool value); }
    public interface INumberedGPIOOutput : IPeripheral { IReadOnlyDictionary<int, IGPIO> Connections { get; } }

    public interface IGPIO
    {
        bool IsSet { get; }
        void Set(bool value);
        void Toggle();
        bool IsConnected { get; }
        void Connect(IGPIOReceiver destination, int destinationNumber);
        void Disconnect();
        void Disconnect(GPIOEndpoint endpoint);
        IList<GPIOEndpoint> Endpoints { get; }
    }

    public static class IGPIOExtensions
    {
        public static void Set(this IGPIO gpio) { gpio.Set(true); }
        public static void Unset(this IGPIO gpio) { gpio.Set(false); }
    }

    public sealed class GPIO : IGPIO
    {
        public void Toggle() { Set(!IsSet); }
        public void Disconnect() { receiver = null; }
        public void Disconnect(GPIOEndpoint endpoint) { throw new NotSupportedException(); }
        public IList<GPIOEndpoint> Endpoints { get { throw new NotSupportedException(); } }
        public bool IsSet { get; private set; }
        public bool IsConnected { get { return receiver != null; } }
        public void Connect(IGPIOReceiver destination, int destinationNumber)
        {
            receiver = destination;
            number = destinationNumber;
            receiver.OnGPIO(number, IsSet);
        }
        public void Set(bool value)
        {
            if(IsSet == value)
            {
                return; // Renode forwards changes only
            }
            IsSet = value;
            if(receiver != null)
            {
                receiver.OnGPIO(number, value);
            }
        }
        private IGPIOReceiver receiver;
        private int number;
    }

    public interface IMachine : IEmulationElement
    {
        IBusController SystemBus { get; }
        TimeStamp ElapsedVirtualTime { get; }
        void ScheduleAction(TimeInterval delay, Action<TimeInterval> action, string name = null);
        void RequestResetInSafeState(Action postReset = null, ICollection<IPeripheral> unresetable = null);
        IDisposable ObtainPausedState(bool internalPause = false);
        bool IsPaused { get; }
        ITimeSource LocalTimeSource { get; }
        IClockSource ClockSource { get; }
        void RegisterAsAChildOf(IPeripheral parent, IPeripheral child, Antmicro.Renode.Core.Structure.IRegistrationPoint point);
        void UnregisterAsAChildOf(IPeripheral parent, IPeripheral child);
    }

    public static class IPeripheralExtensions
    {
        public static IMachine GetMachine(this IEmulationElement element) { return EmulationManager.Instance.CurrentEmulation.Machine; }
    }

    public struct Range
    {
        public Range(ulong start, ulong size) { this.start = start; this.size = size; }
        public bool Contains(ulong address) { return address - start < size; }
        private readonly ulong start, size;
    }

    public class EmulationManager
    {
        public static readonly EmulationManager Instance = new EmulationManager();
        public Emulation CurrentEmulation = new Emulation();
        public event Action EmulationChanged;
        public void Show() { EmulationChanged(); }
    }

    public class Emulation
    {
        public Machine Machine;
        public readonly Antmicro.Renode.Time.MasterTimeSource MasterTimeSource = new Antmicro.Renode.Time.MasterTimeSource();
        public int Starts, PausesOfAll;
        public void PauseAll() { PausesOfAll++; }
        public void RunFor(TimeInterval period)
        {
            Starts++;
            for(var left = period.Ticks; left > 0;)
            {
                var quantum = Math.Min(left, Machine.Quantum.Ticks);
                Machine.RunFor(quantum);
                MasterTimeSource.ElapsedVirtualTime = TimeInterval.FromTicks(MasterTimeSource.ElapsedVirtualTime.Ticks + quantum);
                left -= quantum;
                MasterTimeSource.Synchronise();
            }
        }
    }

    /// <summary>Virtual time, scheduled actions, memory and windows.</summary>
    public class Machine : IMachine, ITimeSource
    {
        public void RegisterAsAChildOf(IPeripheral parent, IPeripheral child, Antmicro.Renode.Core.Structure.IRegistrationPoint point) { }
        public void UnregisterAsAChildOf(IPeripheral parent, IPeripheral child) { }
        public bool IsPaused { get; private set; } = true;
        public ITimeSource LocalTimeSource { get { return this; } }
        public event Action<TimeInterval> SyncHook;
        public bool ExecuteInSerial { get; set; }
        public TimeInterval Quantum { get; set; } = TimeInterval.FromMicroseconds(1000);
        public TimeInterval NearestSyncPoint { get; set; }
        public readonly BaseClockSource Clock = new BaseClockSource();
        public IClockSource ClockSource { get { return Clock; } }
        public void ExecuteInNearestSyncedState(Action<TimeStamp> what, bool executeImmediately) { synced.Enqueue(what); }
        private readonly Queue<Action<TimeStamp>> synced = new Queue<Action<TimeStamp>>();

        public Machine() { SystemBus = new Bus(this); }
        IBusController IMachine.SystemBus { get { return SystemBus; } }
        public Bus SystemBus { get; private set; }
        public TimeStamp ElapsedVirtualTime { get { return new TimeStamp(TimeInterval.FromNanoseconds(Now), null); } }
        public ulong Now;
        /// <summary>The one that executes blocks, and all of them.</summary>
        public TranslationCPU Cpu { get { return Cpus.Count == 0 ? null : Cpus[0]; } }
        public readonly List<TranslationCPU> Cpus = new List<TranslationCPU>();
        public int Scheduled, Pauses;
        public int Outstanding { get { return actions.Count; } }
        public readonly List<IPeripheral> Peripherals = new List<IPeripheral>();

        public void ScheduleAction(TimeInterval delay, Action<TimeInterval> action, string name = null)
        {
            Scheduled++;
            actions.Add(new KeyValuePair<ulong, Action<TimeInterval>>(Now + delay.Ticks, action));
        }

        public void RequestResetInSafeState(Action postReset = null, ICollection<IPeripheral> unresetable = null)
        {
            safeState = () =>
            {
                using(ObtainPausedState(true))
                {
                    foreach(var peripheral in Peripherals.Where(p => unresetable == null || !unresetable.Contains(p)))
                    {
                        peripheral.Reset();
                    }
                }
                postReset();
            };
        }

        /// <summary>The processor resumes when it is disposed, as the last thing.</summary>
        public IDisposable ObtainPausedState(bool internalPause = false)
        {
            Pauses++;
            return new Resumption { Cpu = Cpu };
        }

        private class Resumption : IDisposable
        {
            public TranslationCPU Cpu;
            public void Dispose() { Cpu.Resume(); }
        }

        /// <summary>Time passes with the processor asleep, or through its blocks while it has any.</summary>
        public void RunFor(ulong nanoseconds)
        {
            var end = Now + nanoseconds;
            IsPaused = false;
            while(Now < end)
            {
                var limit = Math.Min(end, NextAction());
                if(Cpu != null && Cpu.Blocks.Count > 0)
                {
                    Cpu.ExecuteBlock();
                }
                else
                {
                    Now = limit;
                }
                RunActions();
                if(SyncHook != null)
                {
                    SyncHook(TimeInterval.FromNanoseconds(Now));
                }
                while(synced.Count > 0)
                {
                    synced.Dequeue()(ElapsedVirtualTime);
                }
                var reset = Interlocked.Exchange(ref safeState, null);
                if(reset != null)
                {
                    reset();
                }
            }
            IsPaused = true;
        }

        public void RunActions()
        {
            while(NextAction() <= Now)
            {
                var first = actions.OrderBy(a => a.Key).First();
                actions.Remove(first);
                first.Value(TimeInterval.FromNanoseconds(first.Key));
            }
        }

        private ulong NextAction() { return actions.Count == 0 ? ulong.MaxValue : actions.Min(a => a.Key); }

        private Action safeState;
        private readonly List<KeyValuePair<ulong, Action<TimeInterval>>> actions = new List<KeyValuePair<ulong, Action<TimeInterval>>>();
    }
}

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
