// Boot and resets: of the board, of the chip by itself, and of one core by the other.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Power
    {
        /// <summary>`lines` are the cores' interrupt lines, numbered as `Line` says; `second` is null without core 1.</summary>
        public RP2040_Power(IMachine machine, IPeripheral owner, uint flashSize, IReadOnlyDictionary<int, IGPIO> lines,
            RP2040_Core[] cores, RP2040_SysTick[] systicks, RP2040_SecondCore second, RP2040_Time time, RP2040_BusHook bus, RP2040_Accesses accesses,
            RP2040_Faults faults)
        {
            this.machine = machine;
            this.owner = owner;
            this.flashSize = flashSize;
            this.lines = lines;
            this.cores = cores;
            this.systicks = systicks;
            this.second = second;
            this.time = time;
            this.bus = bus;
            this.accesses = accesses;
            this.faults = faults;
            first = cores[0];
        }

        public void Attach(IntPtr handle)
        {
            chip = handle;
        }

        /// <summary>Number among the chip's outputs of an interrupt line of a core's.</summary>
        public static int Line(uint core, int line)
        {
            return (int)core * SecondCoresLines + line;
        }

        /// <summary>How often Renode has reset the board, as it also does for AIRCR.SYSRESETREQ.</summary>
        public uint BoardResets { get; private set; }

        /// <summary>Renode resets the board, or its peripherals because the chip asked for it.</summary>
        public void Reset()
        {
            if(resetRequested)
            {
                return; // the chip resets itself, and the blocks that survive keep their state: FinishReset
            }
            BoardResets++;
            faults.Reset();
            foreach(var core in cores)
            {
                core.Exceptions.Reset();
            }
            if(second != null)
            {
                second.Stop();
            }
            Native.rp2040_reset(chip, started ? time.CurrentCycle() : 0);
            time.Restart();
        }

        /// <summary>What the boot ROM does, while the processor stands still.</summary>
        public void Boot()
        {
            PutRom();
            var flash = machine.SystemBus.ReadBytes(FlashBase, (int)flashSize);
            program = new byte[Used(flash)];
            Array.Copy(flash, program, program.Length);
            LoadFlash();
            Prepare();
            uint pc, sp;
            RP2040_Faults.Check(chip, Native.rp2040_boot(chip, out pc, out sp));
            Start(pc, sp);
            accesses.Synchronise();
        }

        /// <summary>Starts the processor at an address, while it stands still.</summary>
        public void Start(uint pc, uint sp)
        {
            Prepare();
            StartFirst(pc, sp);
            if(machine.SystemBus.ReadDoubleWord(4) == 0) // programs call it, and core 1 waits in it
            {
                PutRom();
            }
            if(second != null)
            {
                if(secondRan)
                {
                    cores[1].Reset();
                }
                secondRan = true;
                second.Start();
            }
        }

        /// <summary>Gives the library's flash what was in Renode's at the boot: a snapshot wants the same.</summary>
        public void LoadFlash()
        {
            if(program != null)
            {
                var flash = new byte[flashSize];
                for(var i = program.Length; i < flash.Length; i++)
                {
                    flash[i] = 0xFF;
                }
                Array.Copy(program, flash, program.Length);
                RP2040_Faults.Check(chip, Native.rp2040_load(chip, (uint)FlashBase, flash, (UIntPtr)flashSize));
            }
        }

        /// <summary>A line of the interrupt controller's, or above those SysTick or the NMI, of a core.</summary>
        public void Drive(uint core, uint line, uint level)
        {
            if(core >= cores.Length)
            {
                return;
            }
            if(line < IrqLines)
            {
                lines[Line(core, (int)line)].Set(level != 0);
            }
            else if(line == Native.SysTickLine)
            {
                cores[core].Exceptions.PendSysTick();
            }
            else if(level != 0)
            {
                cores[core].Exceptions.PendNmi();
            }
        }

        /// <summary>
        /// Renode resets all peripherals at the end of the quantum. The processor is left to FinishReset: reset by
        /// Renode it would resume before it has a program counter, take one from a guessed vector table and halt.
        /// </summary>
        public void RequestReset(uint reason)
        {
            owner.Log(LogLevel.Info, reason == 1 ? "The watchdog resets the chip" : "The chip resets its processors");
            resetRequested = true;
            machine.RequestResetInSafeState(FinishReset, Array.ConvertAll(cores, core => (IPeripheral)core.Cpu));
        }

        /// <summary>
        /// Whether the watchdog might reset the chip within so many of the time source's ticks: it does so at the end of a
        /// quantum, which had better be a short one then.
        /// </summary>
        public bool WatchdogIsNear(ulong ticks)
        {
            uint control;
            if(Native.rp2040_peek(chip, WatchdogControl, 4, out control) != Native.Ok || (control & WatchdogEnabled) == 0)
            {
                return false;
            }
            // As of the chip's last event, which may be long ago.
            var due = Native.rp2040_picoseconds(chip, Native.rp2040_now(chip)) + (control & WatchdogTime) / WatchdogSteps * 1000000UL;
            return TimeInterval.FromNanoseconds(time.Until(due)).Ticks < ticks;
        }

        /// <summary>clk_sys changed.</summary>
        public void SetClock(uint hertz)
        {
            time.SetClock(hertz);
        }

        /// <summary>PSM.FRCE_OFF: one core resets another, which begins anew when all of Renode's threads have met.</summary>
        public void HoldInReset(uint index, uint held)
        {
            if(index >= cores.Length)
            {
                return;
            }
            var core = cores[index];
            if(held != 0)
            {
                if(core == first)
                {
                    first.Halt();
                }
                else
                {
                    second.Stop();
                }
                return;
            }
            machine.LocalTimeSource.ExecuteInNearestSyncedState(_ => Restart(core));
        }

        private void FinishReset()
        {
            resetRequested = false;
            faults.LockedUp = false;
            using(machine.ObtainPausedState(true))
            {
                first.Reset();
                first.Cpu.IsHalted = false;
                if(second != null)
                {
                    second.Stop();
                }
                RP2040_Faults.Check(chip, Native.rp2040_finish_reset(chip));
                Native.rp2040_cpu_forget(chip);
                Boot();
            }
        }

        private void Restart(RP2040_Core core)
        {
            core.Reset();
            core.ResetNvic();
            for(var line = 0; line < IrqLines; line++) // levels that its NVIC has forgotten
            {
                var connection = lines[Line(core.Index, line)];
                if(connection.IsSet)
                {
                    connection.Set(false);
                    connection.Set(true);
                }
            }
            if(core == first)
            {
                uint pc, sp;
                RP2040_Faults.Check(chip, Native.rp2040_boot(chip, out pc, out sp));
                StartFirst(pc, sp);
                first.Cpu.IsHalted = false;
            }
            else
            {
                second.Start();
            }
            core.Cpu.Resume();
        }

        private void StartFirst(uint pc, uint sp)
        {
            time.Calibrate();
            if(!started)
            {
                started = true;
                time.Restart(); // the emulation may have run before this board was added
                Array.ForEach(systicks, systick => systick.Attach());
            }
            first.Jump(pc, sp, 0);
        }

        private void Prepare()
        {
            bus.Prepare(program == null ? 0 : (uint)program.Length);
        }

        private void PutRom()
        {
            var rom = new byte[RomSize];
            Marshal.Copy(Native.rp2040_boot_rom(), rom, 0, rom.Length);
            machine.SystemBus.WriteBytes(rom, 0);
        }

        /// <summary>Bytes up to the last one that is not erased.</summary>
        private static uint Used(byte[] flash)
        {
            var used = flash.Length;
            while(used > 0 && flash[used - 1] == 0xFF)
            {
                used--;
            }
            return (uint)used;
        }

        [Transient]
        private IntPtr chip;
        private byte[] program; // what flash held at the boot, without what is erased at its end
        private bool resetRequested, started, secondRan;

        private readonly IMachine machine;
        private readonly IPeripheral owner;
        private readonly uint flashSize;
        private readonly IReadOnlyDictionary<int, IGPIO> lines;
        private readonly RP2040_Core first;
        private readonly RP2040_Core[] cores;
        private readonly RP2040_SysTick[] systicks;
        private readonly RP2040_SecondCore second; // null: the platform has one core
        private readonly RP2040_Time time;
        private readonly RP2040_BusHook bus;
        private readonly RP2040_Accesses accesses;
        private readonly RP2040_Faults faults;

        private const uint WatchdogControl = 0x40058000, WatchdogEnabled = 1u << 30, WatchdogTime = 0xFFFFFF;
        private const uint WatchdogSteps = 2; // in a microsecond, by the chip's erratum E1
        public const int IrqLines = 26;
        private const int SecondCoresLines = 32;
        private const int RomSize = 0x4000;
        private const ulong FlashBase = 0x10000000;
    }
}
