// Renode's virtual time and the chip's cycles, kept together.
//
// Renode counts one tick of 1 / PerformanceInMips us per instruction. librp2040 hears of each block (BlockHook.cs), keeps
// what a Cortex-M0+ would have taken, and dates accesses and events with it; Renode skips the difference when it has
// grown, or when the chip has something to do. The chip's next event becomes an action of the machine.
using System;
using System.Collections.Generic;
using System.Reflection;

using Antmicro.Migrant;
using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Time
    {
        /// <summary>`onEvent` is called on the processor's thread when the chip has something to do.</summary>
        public RP2040_Time(IMachine machine, TranslationCPU cpu, IPeripheral owner, Action onEvent)
        {
            this.machine = machine;
            this.cpu = cpu;
            this.owner = owner;
            this.onEvent = onEvent;
            hook = new RP2040_BlockHook(machine, cpu, owner, SkipWhatIsOwed);
            left = RP2040_BlockHook.FindField(cpu.GetType(), "instructionsLeftThisRound");
        }

        /// <summary>After a load: Renode has the hooks, and the library knows nothing of its host.</summary>
        public void Reattach(IntPtr handle)
        {
            chip = handle;
            left = RP2040_BlockHook.FindField(cpu.GetType(), "instructionsLeftThisRound");
            seen = ulong.MaxValue;
            SetPace();
            hook.Attach(handle);
        }

        /// <summary>Takes the chip's handle and the processor's hooks.</summary>
        public void Attach(IntPtr handle)
        {
            chip = handle;
            SetPace();
            hook.Attach(handle);
            cpu.AddHookAtInterruptBegin(OnExceptionBegin);
            try
            {
                cpu.AddHookAtInterruptEnd(OnExceptionEnd);
            }
            catch(RecoverableException e)
            {
                owner.Log(LogLevel.Warning, "Exception returns cost nothing and handlers count as part of what they interrupt: {0}", e.Message);
            }
            cpu.AddHookAtWfiStateChange(OnWfi);
        }

        public void Detach()
        {
            hook.Detach();
            chip = IntPtr.Zero;
        }

        /// <summary>Cycle 0 is now.</summary>
        public void Restart()
        {
            epoch = RenodeNanoseconds();
            seen = ulong.MaxValue;
            planned.Clear();
            asleep = false;
            Native.rp2040_rebase(chip, 0);
            Native.rp2040_clock_moved(chip);
        }

        /// <summary>
        /// Takes over PerformanceInMips. Renode sets the properties of a .repl file after all constructors have run,
        /// so this is for the moment before the processor starts.
        /// </summary>
        public void Calibrate()
        {
            if(Mips == 0 || 1000 % Mips != 0)
            {
                throw new RecoverableException(string.Format("PerformanceInMips = {0} must divide 1000, or time moves in lumps", Mips));
            }
            picosecondsPerInstruction = 1000000 / Mips;
            SetPace();
            hook.Keep();
        }

        /// <summary>clk_sys changed.</summary>
        public void SetClock(uint hertz)
        {
            if(hertz / 1000000 > Mips && !warned)
            {
                warned = true;
                owner.Log(LogLevel.Warning, "clk_sys = {0} Hz, but PerformanceInMips = {1}: instructions take too long; set it, before `chip Boot`, to a number that divides 1000 and is no smaller", hertz, Mips);
            }
        }

        /// <summary>
        /// Picoseconds since power-on on Renode's clock, or that only blocks have moved it since it was last read: reading it
        /// is dear, and accesses come often.
        /// </summary>
        public ulong Elapsed()
        {
            if(eventTime != 0) // inside a clock event time stands where the event put it
            {
                return (eventTime - epoch) * 1000;
            }
            if(!cpu.OnPossessedThread)
            {
                return (RenodeNanoseconds() - epoch) * 1000;
            }
            if(cpu.ElapsedCycles != seen)
            {
                Refresh();
            }
            return Native.AsBefore;
        }

        /// <summary>On the processor's thread: what Renode's clock shows now.</summary>
        public void Refresh()
        {
            cpu.SyncTime();
            seen = cpu.ElapsedCycles;
            Native.rp2040_rebase(chip, (RenodeNanoseconds() - epoch) * 1000);
        }

        /// <summary>
        /// Whether the processor sleeps, and until when nothing but the chip will wake it, in picoseconds since power-on: the
        /// end of what Renode has granted it, or something else of Renode's that is due.
        /// </summary>
        public bool Sleeps(out ulong until)
        {
            until = 0;
            if(!asleep || left == null || eventTime == 0 && !cpu.OnPossessedThread)
            {
                return false;
            }
            var now = Math.Max(RenodeNanoseconds(), eventTime);
            var free = (ulong)left.GetValue(cpu) * (picosecondsPerInstruction / 1000);
            if(OthersWait())
            {
                free = Math.Min(free, ((BaseClockSource)machine.ClockSource).NearestLimitIn.Ticks / TimeInterval.TicksPerNanosecond);
            }
            until = (now + free - epoch) * 1000;
            return true;
        }

        /// <summary>
        /// Whether anything but the chip has a time to wait for. During an action the clock's nearest limit is that action's own
        /// delay at most, so it is asked only when it has to be.
        /// </summary>
        private bool OthersWait()
        {
            var clock = machine.ClockSource;
            if(entries == null)
            {
                var field = RP2040_BlockHook.FindField(clock.GetType(), "clockEntries");
                entries = field == null ? null : field.GetValue(clock) as List<ClockEntry>;
                if(entries == null)
                {
                    return true;
                }
            }
            foreach(var entry in entries)
            {
                if(entry.Enabled && entry.LocalName != ActionName)
                {
                    return true;
                }
            }
            return false;
        }

        /// <summary>The chip's cycle at this moment.</summary>
        public ulong CurrentCycle()
        {
            return Native.rp2040_cycle_of_host(chip, Elapsed());
        }

        /// <summary>Makes sure that the machine comes back no later than at `due`, picoseconds since power-on.</summary>
        public void Plan(ulong due)
        {
            if(due == Native.Never)
            {
                return;
            }
            var dueTime = epoch + (due + 999) / 1000;
            if(planned.Count > 0 && planned.Min <= dueTime)
            {
                return;
            }
            if(eventTime == 0 && cpu.OnPossessedThread)
            {
                cpu.SyncTime();
            }
            var elapsed = Math.Max(RenodeNanoseconds(), eventTime);
            // Whole instructions: Renode would stop one short of anything else, then execute a block of one.
            var delay = WholeInstructions(dueTime > elapsed ? dueTime - elapsed : 1);
            dueTime = elapsed + delay;
            if(!planned.Add(dueTime))
            {
                return;
            }
            machine.ScheduleAction(TimeInterval.FromNanoseconds(delay), _ => OnTime(dueTime), ActionName);
        }

        /// <summary>Nanoseconds, rounded up to what a number of instructions takes.</summary>
        public ulong WholeInstructions(ulong nanoseconds)
        {
            var instruction = picosecondsPerInstruction / 1000;
            return (nanoseconds + instruction - 1) / instruction * instruction;
        }

        /// <summary>
        /// Instructions' worth of time that Renode's clock may lag behind the chip's, 1 to 1000000. Less is finer for what
        /// counts by Renode's clock, which is SysTick and models of Renode's; more is faster. Until it is set it is little
        /// while something of Renode's waits for its clock, and much while nobody can tell.
        /// </summary>
        public long SkipGranularity
        {
            get { return skipGranularity; }
            set
            {
                RP2040_Range.Check("SkipGranularity", value, 1, 1000000);
                skipGranularity = value;
                fixedGranularity = true;
                SetPace();
            }
        }

        /// <summary>Now and then, on a thread on which nothing is under way: whether anybody watches Renode's clock.</summary>
        public void Adapt()
        {
            var wanted = OthersWait() ? Fine : Coarse;
            if(!fixedGranularity && wanted != skipGranularity)
            {
                skipGranularity = wanted;
                SetPace();
            }
        }

        private void SetPace()
        {
            Native.rp2040_pace(chip, (uint)picosecondsPerInstruction, (ulong)skipGranularity * picosecondsPerInstruction);
        }

        private ulong RenodeNanoseconds()
        {
            return machine.ElapsedVirtualTime.TimeElapsed.Ticks / TimeInterval.TicksPerNanosecond;
        }

        private void OnTime(ulong time)
        {
            if(!planned.Remove(time) || chip == IntPtr.Zero)
            {
                return; // planned before a reset
            }
            var outer = eventTime;
            eventTime = time;
            try
            {
                if(outer == 0)
                {
                    seen = ulong.MaxValue;
                    Native.rp2040_rebase(chip, (time - epoch) * 1000);
                    hook.KeepAt(time);
                }
                onEvent();
            }
            finally
            {
                eventTime = outer;
            }
        }

        /// <summary>Before it sleeps: what it owes makes the chip's next event come earlier on Renode's clock.</summary>
        private void OnWfi(bool sleeps)
        {
            asleep = sleeps;
            if(chip == IntPtr.Zero)
            {
                return;
            }
            Native.rp2040_clock_moved(chip);
            if(sleeps && eventTime == 0)
            {
                onEvent();
            }
        }

        private void OnExceptionBegin(ulong index)
        {
            // SVC and faults come twice: first as themselves, to be pended, then as the interrupt that is taken.
            if(index == RP2040_Exceptions.Taken && chip != IntPtr.Zero)
            {
                Native.rp2040_cpu_exception(chip, 1);
                SkipWhatIsOwed();
            }
        }

        private void OnExceptionEnd(ulong index)
        {
            if(chip != IntPtr.Zero)
            {
                Native.rp2040_cpu_exception(chip, 0);
                SkipWhatIsOwed();
            }
        }

        private void SkipWhatIsOwed()
        {
            var picoseconds = Native.rp2040_skip(chip);
            if(picoseconds != 0)
            {
                cpu.SkipTime(TimeInterval.FromNanoseconds(picoseconds / 1000));
            }
        }

        private uint Mips { get { return (uint)cpu.PerformanceInMips; } }

        [Transient]
        private IntPtr chip;
        private ulong epoch;     // virtual time of power-on in ns
        private ulong eventTime; // of the clock event under way, 0 outside of events
        private ulong seen = ulong.MaxValue; // cycles of Renode's when its clock was last read
        private ulong picosecondsPerInstruction = 8000;
        private long skipGranularity = Fine;
        private bool fixedGranularity;
        private const long Fine = 500, Coarse = 12500;
        private bool warned, asleep;
        [Transient]
        private List<ClockEntry> entries; // the clock's own
        private const string ActionName = "rp2040";
        [Transient]
        private FieldInfo left; // of Renode's: instructions that it may execute before it looks at its clock

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly IPeripheral owner;
        private readonly Action onEvent;
        private readonly RP2040_BlockHook hook;
        private readonly SortedSet<ulong> planned = new SortedSet<ulong>();
    }
}
