// Renode's time: intervals, sources and clocks. See RenodeStub.cs.
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
