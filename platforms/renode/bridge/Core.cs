// One of the chip's cores: Renode's processor, its clock as the library is told of it, and what is charged to it.
using System;
using System.Reflection;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Core : IRP2040_Clock
    {
        /// <summary>
        /// On the processor's thread, `onSleep` is called when it falls asleep or wakes, `onDue` when something of the chip's is
        /// due and the machine's clock waits for the other core; `onLockup` when a fault cannot be taken.
        /// </summary>
        public RP2040_Core(IMachine machine, TranslationCPU cpu, IPeripheral nvic, uint index, IPeripheral owner, RP2040_Time time,
            Action<RP2040_Core, bool> onSleep, Action<RP2040_Core> onDue, Action<RP2040_Core> onLockup)
        {
            this.machine = machine;
            this.time = time;
            this.owner = owner;
            this.onSleep = onSleep;
            this.onDue = onDue;
            this.onLockup = onLockup;
            Cpu = cpu;
            Index = index;
            Exceptions = new RP2040_Exceptions(owner, cpu, nvic, index, OnLockup);
            hook = new RP2040_BlockHook(machine, cpu, index, owner, OnSkipDue, OnStop);
            left = RP2040_BlockHook.FindField(cpu.GetType(), "instructionsLeftThisRound");
        }

        /// <summary>Takes the chip's handle and the processor's hooks.</summary>
        public void Attach(IntPtr handle)
        {
            chip = handle;
            hook.Attach(handle);
            RP2040_Exclusives.Separate(Cpu, owner);
            Cpu.AddHookAtInterruptBegin(OnExceptionBegin);
            try
            {
                Cpu.AddHookAtInterruptEnd(OnExceptionEnd);
            }
            catch(RecoverableException e)
            {
                owner.Log(LogLevel.Warning, "Exception returns cost nothing and handlers count as part of what they interrupt: {0}", e.Message);
            }
            Cpu.AddHookAtWfiStateChange(OnWfi);
            Cpu.AddHookAtInterruptBegin(Exceptions.OnBegin);
        }

        /// <summary>After a load: Renode has the hooks, and the library knows nothing of its host.</summary>
        public void Reattach(IntPtr handle)
        {
            chip = handle;
            left = RP2040_BlockHook.FindField(Cpu.GetType(), "instructionsLeftThisRound");
            seen = ulong.MaxValue;
            hook.Attach(handle);
            Exceptions.Find();
        }

        public void Detach()
        {
            hook.Detach();
            chip = IntPtr.Zero;
        }

        public TranslationCPU Cpu { get; private set; }
        public uint Index { get; private set; }
        public RP2040_Exceptions Exceptions { get; private set; }
        public bool Asleep { get; private set; }
        public bool CanStop { get { return hook.CanStop; } }
        /// <summary>Called on the processor's thread when it comes to an address at which it is awaited.</summary>
        public Action<RP2040_Core, uint> StopHandler { get; set; }
        public bool OnThread { get { return Cpu.OnPossessedThread; } }

        /// <summary>Cycle 0 is now.</summary>
        public void Restart()
        {
            Asleep = false;
            enteredAt = ulong.MaxValue;
            Forget();
            Native.rp2040_rebase(chip, Index, 0);
        }

        /// <summary>Something other than blocks may have moved this core's clock.</summary>
        public void Forget()
        {
            seen = ulong.MaxValue;
            Native.rp2040_clock_moved(chip, Index);
        }

        /// <summary>Before the processor starts: its hook is in its place, and it is as fast as the other one.</summary>
        public void Calibrate(uint mips)
        {
            if(Cpu.PerformanceInMips != mips)
            {
                Cpu.PerformanceInMips = mips;
            }
            hook.Keep();
        }

        /// <summary>Takes the hook at the end of blocks back, or shares it, at most every tenth of a millisecond of virtual time.</summary>
        public void KeepHookAt(ulong nanoseconds)
        {
            hook.KeepAt(nanoseconds);
        }

        /// <summary>Where the processor goes on. Renode takes the Thumb bit from the address and warns without it.</summary>
        public void Jump(uint pc, uint sp, uint lr)
        {
            Cpu.PC = pc | 1u;
            Cpu.SetRegister(13, sp);
            Cpu.SetRegister(14, lr);
            Native.rp2040_started(chip, Index);
        }

        /// <summary>A reset of this processor alone.</summary>
        public void Reset()
        {
            Cpu.Reset();
            Exceptions.Reset();
            ClearVectors();
        }

        /// <summary>
        /// It is out of the way, held in reset or waiting in the ROM, and debuggers do not hear of it: Renode's stub would tell GDB
        /// that its program has stopped.
        /// </summary>
        public void Halt()
        {
            var listeners = RP2040_BlockHook.FindField(Cpu.GetType(), "Halted");
            var all = listeners == null ? null : (Delegate)listeners.GetValue(Cpu);
            if(all != null)
            {
                listeners.SetValue(Cpu, null);
            }
            Cpu.IsHalted = true;
            if(all != null)
            {
                listeners.SetValue(Cpu, Delegate.Combine(all, (Delegate)listeners.GetValue(Cpu)));
            }
        }

        /// <summary>The vector table is the ROM's, and known, so that Renode does not guess one.</summary>
        public void ClearVectors()
        {
            var vectors = Cpu.GetType().GetProperty("VectorTableOffset");
            if(vectors != null)
            {
                vectors.SetValue(Cpu, 0u, null);
            }
        }

        /// <summary>The same for what Renode keeps of its interrupts.</summary>
        public void ResetNvic()
        {
            Exceptions.ResetNvic();
        }

        /// <summary>
        /// Picoseconds since power-on on this core's clock, or that only blocks have moved it since it was last read: reading it
        /// is dear, and accesses come often.
        /// </summary>
        public ulong Elapsed()
        {
            if(time.EventTime != 0) // inside a clock event time stands where the event put it
            {
                return time.Since(time.EventTime) + Unskipped;
            }
            if(!OnThread)
            {
                return time.Since(time.Now) + Unskipped;
            }
            if(Cpu.ElapsedCycles != seen)
            {
                Refresh();
            }
            return Native.AsBefore;
        }

        /// <summary>On the processor's thread: what this core's clock shows now.</summary>
        public void Refresh()
        {
            Cpu.SyncTime();
            seen = Cpu.ElapsedCycles;
            // With two cores the machine's clock is that of the one behind.
            var now = time.Together ? Cpu.TimeHandle.TotalElapsedTime.Ticks / TimeInterval.TicksPerNanosecond : time.Now;
            Native.rp2040_rebase(chip, Index, time.Since(now) + Unskipped);
        }

        /// <summary>The machine's clock stands at an event.</summary>
        public void RebaseAt(ulong nanoseconds)
        {
            seen = ulong.MaxValue;
            Native.rp2040_rebase(chip, Index, time.Since(nanoseconds) + Unskipped);
        }

        /// <summary>
        /// Picoseconds that Renode is to skip, and that are no longer owed: it does so in parts where something is due in between,
        /// and executes nothing before the last one.
        /// </summary>
        private ulong Unskipped { get { return time.Nanoseconds(Cpu.SkipInstructions) * 1000; } }

        /// <summary>Nanoseconds that Renode has granted this core beyond what it has executed; false: nobody knows.</summary>
        public bool Granted(out ulong nanoseconds)
        {
            nanoseconds = left == null ? 0 : time.Nanoseconds((ulong)left.GetValue(Cpu));
            return left != null;
        }

        /// <summary>Before it sleeps: what it owes makes the chip's next event come earlier on Renode's clock.</summary>
        private void OnWfi(bool sleeps)
        {
            Asleep = sleeps;
            if(chip == IntPtr.Zero)
            {
                return;
            }
            Native.rp2040_clock_moved(chip, Index);
            if(sleeps && enteredAt == Native.rp2040_cpu_cycles(chip, Index))
            {
                WakeInHandler();
            }
            else
            {
                onSleep(this, sleeps);
            }
        }

        /// <summary>
        /// An interrupt that comes at the very end of a block whose last instruction is WFI or WFE is taken by Renode's library,
        /// and then the processor sleeps at the handler's first instruction. It is woken at once.
        /// </summary>
        private void WakeInHandler()
        {
            var clean = RP2040_BlockHook.FindField(Cpu.GetType(), "TlibCleanWfiProcState");
            var action = clean == null ? null : clean.GetValue(Cpu) as Action;
            if(action != null)
            {
                action();
            }
            var flag = Cpu.GetType().GetMethod("SetEventFlag", new[] { typeof(bool) });
            if(flag != null)
            {
                flag.Invoke(Cpu, new object[] { true });
            }
            machine.ScheduleAction(TimeInterval.FromNanoseconds(time.Nanoseconds(1)), _ => { });
        }

        private void OnExceptionBegin(ulong index)
        {
            // SVC and faults come twice: first as themselves, to be pended, then as the interrupt that is taken.
            if(index == RP2040_Exceptions.Taken && chip != IntPtr.Zero)
            {
                Native.rp2040_cpu_exception(chip, Index, 1);
                enteredAt = Native.rp2040_cpu_cycles(chip, Index);
                SkipWhatIsOwed();
            }
        }

        private void OnExceptionEnd(ulong index)
        {
            if(chip != IntPtr.Zero)
            {
                Native.rp2040_cpu_exception(chip, Index, 0);
                SkipWhatIsOwed();
            }
        }

        private void OnSkipDue()
        {
            SkipWhatIsOwed();
            if(time.Together)
            {
                onDue(this);
            }
        }

        private void SkipWhatIsOwed()
        {
            var picoseconds = Native.rp2040_skip(chip, Index);
            if(picoseconds != 0)
            {
                Cpu.SkipTime(TimeInterval.FromNanoseconds(picoseconds / 1000));
            }
        }

        private void OnStop(uint address)
        {
            var handler = StopHandler;
            if(handler != null)
            {
                handler(this, address);
            }
        }

        private void OnLockup()
        {
            onLockup(this);
        }

        [Transient]
        private IntPtr chip;
        private ulong enteredAt = ulong.MaxValue; // cycles charged when the last exception had begun
        private ulong seen = ulong.MaxValue; // cycles of Renode's when its clock was last read
        [Transient]
        private FieldInfo left; // of Renode's: instructions that it may execute before it looks at its clock

        private readonly IMachine machine;
        private readonly RP2040_Time time;
        private readonly IPeripheral owner;
        private readonly Action<RP2040_Core, bool> onSleep;
        private readonly Action<RP2040_Core> onDue, onLockup;
        private readonly RP2040_BlockHook hook;
    }
}
