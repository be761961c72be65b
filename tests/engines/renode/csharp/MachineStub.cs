// Renode's machine and emulation, which keep virtual time, and GPIO lines. See RenodeStub.cs.
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
