// The RP2040's blocks behind Renode's processor: time, interrupts, DMA and the cost of instructions.
//
// Renode counts one tick of 1 / PerformanceInMips us per instruction. The block-end hook asks librp2040 what a
// Cortex-M0+ would have taken and skips the difference, so Renode's virtual time is the chip's time. Register
// accesses and events carry that time, as a cycle, into the library.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040 : IPeripheral, INumberedGPIOOutput, IDisposable
    {
        public RP2040(IMachine machine, TranslationCPU cpu, uint flashSize = 0x200000, uint xoscFrequency = 12000000, string library = "")
        {
            this.machine = machine;
            this.cpu = cpu;
            this.flashSize = flashSize;
            var lines = new Dictionary<int, IGPIO>();
            for(var line = 0; line < IrqLines; line++)
            {
                lines[line] = new GPIO();
            }
            Connections = lines;
            if(1000 % cpu.PerformanceInMips != 0)
            {
                throw new ConstructionException(string.Format("PerformanceInMips = {0} must divide 1000, or time moves in lumps", cpu.PerformanceInMips));
            }
            picosecondsPerInstruction = 1000000 / cpu.PerformanceInMips;

            var problem = Native.Load(library);
            if(problem != null)
            {
                throw new ConstructionException(problem);
            }
            host = new Native.Host
            {
                Irq = OnIrq, Read = OnDmaRead, Write = OnDmaWrite,
                Reset = OnResetRequest, SendEvent = OnSendEvent, Clock = OnClock
            };
            chip = Native.rp2040_create(flashSize, xoscFrequency, ref host);
            if(chip == IntPtr.Zero)
            {
                throw new ConstructionException(string.Format("flashSize = 0x{0:X} must be a power of two from 64 kB to 16 MB", flashSize));
            }
            cpu.SetHookAtBlockEnd(OnBlockEnd);
            cpu.AddHookAtInterruptBegin(_ => Charge(Native.rp2040_cpu_exception(chip, 1), 0));
            try
            {
                cpu.AddHookAtInterruptEnd(_ => Charge(Native.rp2040_cpu_exception(chip, 0), 0));
            }
            catch(RecoverableException e)
            {
                this.Log(LogLevel.Warning, "Exception returns cost nothing and handlers count as part of what they interrupt: {0}", e.Message);
            }
        }

        public void Dispose()
        {
            if(chip != IntPtr.Zero)
            {
                Native.rp2040_destroy(chip);
                chip = IntPtr.Zero;
            }
        }

        public void Reset()
        {
            if(resetRequested)
            {
                return; // the chip resets itself, and the blocks that survive keep their state: FinishReset
            }
            epoch = ElapsedNanoseconds(false);
            owed = 0;
            planned.Clear();
            FaultText = null;
            Native.rp2040_reset(chip);
            Plan(0);
        }

        /// <summary>
        /// What the boot ROM does: the ROM's content, the second stage in SRAM, and the processor at its start.
        /// To be called after LoadELF, and again after a reset.
        /// </summary>
        public void Boot()
        {
            var rom = new byte[RomSize];
            Marshal.Copy(Native.rp2040_boot_rom(), rom, 0, rom.Length);
            machine.SystemBus.WriteBytes(rom, 0);
            var flash = machine.SystemBus.ReadBytes(FlashBase, (int)flashSize);
            Check(Native.rp2040_load(chip, (uint)FlashBase, flash, (UIntPtr)(uint)flash.Length));
            uint pc, sp;
            Check(Native.rp2040_boot(chip, out pc, out sp));
            Start(pc, sp);
            Plan(Native.rp2040_now(chip));
        }

        /// <summary>Starts the processor at an address, as a debugger or a boot ROM does.</summary>
        public void Start(uint pc, uint sp)
        {
            cpu.PC = pc & ~1u;
            cpu.SetRegister(13, sp);
            cpu.SetRegister(14, 0u);
        }

        // ---- what the windows do -----------------------------------------------------------------------------------

        public uint Read(uint address, uint bytes, IPeripheral window)
        {
            uint value;
            var status = Native.rp2040_read(chip, 0, CurrentCycle(), address, bytes, out value);
            AfterActivity(status, window);
            return value;
        }

        public void Write(uint address, uint bytes, uint value, IPeripheral window)
        {
            var status = Native.rp2040_write(chip, 0, CurrentCycle(), address, bytes, value);
            AfterActivity(status, window);
        }

        /// <summary>Everything that happens up to now; for those who look from outside.</summary>
        public void Synchronise()
        {
            AfterActivity(Native.rp2040_advance(chip, CurrentCycle()), this);
        }

        /// <summary>Raised after each access and event: pins may have changed, serial ports may have sent.</summary>
        public event Action Activity;

        public bool Check(uint status)
        {
            if(status != Native.Ok)
            {
                throw new RecoverableException(Native.Error(chip));
            }
            return true;
        }

        public IntPtr Handle { get { return chip; } }
        public long HandleValue { get { return chip.ToInt64(); } }
        public ulong Cycle { get { return Native.rp2040_now(chip); } }
        public ulong CpuCycles { get { return Native.rp2040_cpu_cycles(chip); } }
        public uint ClockFrequency { get { return Native.rp2040_clock_hz(chip, 5); } }

        /// <summary>First access that the chip refused since the last reset, or null.</summary>
        public string FaultText { get; private set; }
        /// <summary>Called on the processor's thread at each refused access.</summary>
        public Action<string> FaultHandler { get; set; }

        /// <summary>Cycles that may be owed before time is skipped: less is finer, more is faster.</summary>
        public uint SkipGranularity
        {
            get { return skipGranularity; }
            set { skipGranularity = Math.Max(1, value); }
        }

        public IReadOnlyDictionary<int, IGPIO> Connections { get; private set; }

        // ---- time --------------------------------------------------------------------------------------------------

        private ulong ElapsedNanoseconds(bool synchronise)
        {
            ICPU current;
            // Inside a clock event time stands where the event put it.
            if(synchronise && !insideEvent && machine.SystemBus.TryGetCurrentCPU(out current))
            {
                current.SyncTime();
            }
            return machine.ElapsedVirtualTime.TimeElapsed.Ticks / TimeInterval.TicksPerNanosecond;
        }

        private ulong CurrentCycle()
        {
            var nanoseconds = Math.Max(ElapsedNanoseconds(true), eventTime);
            var picoseconds = (nanoseconds - epoch) * 1000 + (ulong)Math.Max(0, owed);
            return Native.rp2040_cycle_at(chip, picoseconds);
        }

        private void AfterActivity(uint status, IPeripheral where)
        {
            if(status != Native.Ok)
            {
                Fault(status, where);
            }
            var now = Native.rp2040_now(chip);
            // A DMA transfer follows its request by a few cycles: no need to come back for each.
            for(var next = Native.rp2040_next_event(chip); next <= now + LookAhead; next = Native.rp2040_next_event(chip))
            {
                status = Native.rp2040_advance(chip, next);
                if(status != Native.Ok)
                {
                    Fault(status, where);
                }
            }
            Plan(now);
            var listeners = Activity;
            if(listeners != null)
            {
                listeners();
            }
        }

        /// <summary>Makes sure that the machine comes back no later than at the chip's next event.</summary>
        private void Plan(ulong now)
        {
            var due = Native.rp2040_next_event(chip);
            if(due == Native.Never)
            {
                return;
            }
            var dueTime = epoch + (Native.rp2040_picoseconds(chip, due) + 999) / 1000;
            if(planned.Count > 0 && planned.Min <= dueTime)
            {
                return;
            }
            var elapsed = Math.Max(ElapsedNanoseconds(false), eventTime);
            var delay = dueTime > elapsed ? dueTime - elapsed : 1;
            dueTime = elapsed + delay;
            if(!planned.Add(dueTime))
            {
                return;
            }
            machine.ScheduleAction(TimeInterval.FromNanoseconds(delay), _ => OnTime(dueTime), "rp2040");
        }

        private void OnTime(ulong time)
        {
            if(!planned.Remove(time) || chip == IntPtr.Zero)
            {
                return; // planned before a reset
            }
            insideEvent = true;
            eventTime = time;
            try
            {
                Synchronise();
            }
            finally
            {
                insideEvent = false;
                eventTime = 0;
            }
        }

        private void OnBlockEnd(ulong pc, uint instructions)
        {
            // Renode reports blocks left without an instruction executed, and sometimes "unknown" as the largest count.
            if(instructions == 0 || instructions > MaximumBlock)
            {
                return;
            }
            Charge(Native.rp2040_cpu_block(chip, (uint)pc, instructions), instructions);
        }

        private void Charge(uint cycles, uint instructions)
        {
            owed += (long)cycles * picosecondsPerCycle - (long)instructions * picosecondsPerInstruction;
            if(owed < (long)skipGranularity * picosecondsPerInstruction)
            {
                return;
            }
            // SkipTime counts in instructions and rounds what is not a whole number of them up to a microsecond.
            var whole = owed / picosecondsPerInstruction;
            owed -= whole * picosecondsPerInstruction;
            cpu.SkipTime(TimeInterval.FromNanoseconds((ulong)(whole * picosecondsPerInstruction / 1000)));
        }

        private void Fault(uint status, IPeripheral where)
        {
            var text = Native.Error(chip);
            where.Log(LogLevel.Error, "{0} (PC=0x{1:X8})", text, cpu.PC.RawValue);
            FaultText = FaultText ?? text;
            var handler = FaultHandler;
            if(handler != null)
            {
                handler(text);
            }
        }

        // ---- what the library asks for -----------------------------------------------------------------------------

        private void OnIrq(IntPtr context, uint core, uint line, uint level)
        {
            if(core != 0)
            {
                return;
            }
            if(line >= IrqLines)
            {
                this.Log(LogLevel.Warning, "The NMI (SYSCFG.PROC0_NMI_MASK) is not connected in Renode");
                return;
            }
            Connections[(int)line].Set(level != 0);
        }

        private uint OnDmaRead(IntPtr context, uint address, uint bytes, out uint value)
        {
            value = 0;
            try
            {
                var bus = machine.SystemBus;
                value = bytes == 4 ? bus.ReadDoubleWord(address) : bytes == 2 ? bus.ReadWord(address) : bus.ReadByte(address);
                return Native.Ok;
            }
            catch(Exception e) // must not pass through the library
            {
                this.Log(LogLevel.Error, "Read of 0x{0:X8} by the chip: {1}", address, e.Message);
                return Native.Invalid;
            }
        }

        private uint OnDmaWrite(IntPtr context, uint address, uint bytes, uint value)
        {
            try
            {
                var bus = machine.SystemBus;
                if(bytes == 4)
                {
                    bus.WriteDoubleWord(address, value);
                }
                else if(bytes == 2)
                {
                    bus.WriteWord(address, (ushort)value);
                }
                else
                {
                    bus.WriteByte(address, (byte)value);
                }
                return Native.Ok;
            }
            catch(Exception e) // must not pass through the library
            {
                this.Log(LogLevel.Error, "Write of 0x{0:X8} by the chip: {1}", address, e.Message);
                return Native.Invalid;
            }
        }

        private void OnResetRequest(IntPtr context, uint reason)
        {
            this.Log(LogLevel.Info, reason == 1 ? "The watchdog resets the chip" : "The chip resets its processors");
            resetRequested = true;
            machine.RequestResetInSafeState(FinishReset);
        }

        private void FinishReset()
        {
            resetRequested = false;
            Check(Native.rp2040_finish_reset(chip));
            Native.rp2040_cpu_forget(chip);
            Boot();
        }

        private void OnSendEvent(IntPtr context)
        {
            // One core in Renode: nobody else waits.
        }

        private void OnClock(IntPtr context, uint hertz)
        {
            picosecondsPerCycle = (long)((1000000000000UL + hertz / 2) / hertz);
        }

        private IntPtr chip;
        private Native.Host host; // keeps the delegates alive
        private ulong epoch;      // virtual time of power-on in ns
        private ulong eventTime;
        private bool insideEvent;
        private bool resetRequested;
        private long owed;        // ps that instructions took and Renode has not counted
        private long picosecondsPerCycle = 1000000000000L / 6500000;
        private uint skipGranularity = 32;

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly uint flashSize;
        private readonly long picosecondsPerInstruction;
        private readonly SortedSet<ulong> planned = new SortedSet<ulong>();

        private const int IrqLines = 26;
        private const int RomSize = 0x4000;
        private const ulong FlashBase = 0x10000000;
        private const ulong LookAhead = 16;
        private const uint MaximumBlock = 0x10000;
    }
}
