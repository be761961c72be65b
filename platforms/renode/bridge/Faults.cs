// What goes wrong while a program runs: accesses that the chip refuses, and lockups. Who runs the machine may be told at once.
using System;

using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Faults
    {
        public RP2040_Faults(IPeripheral owner)
        {
            this.owner = owner;
        }

        /// <summary>Throws what the library says was wrong with a call.</summary>
        public static bool Check(IntPtr chip, uint status)
        {
            if(status != Native.Ok)
            {
                throw new RecoverableException(Native.Error(chip));
            }
            return true;
        }

        /// <summary>First access that the chip refused since the last reset, or null.</summary>
        public string Text { get; private set; }

        /// <summary>Called on the processor's thread at each refused access.</summary>
        public Action<string> Handler { get; set; }

        /// <summary>The processor has locked up since the last reset.</summary>
        public bool LockedUp { get; set; }

        /// <summary>Called on the processor's thread when it has locked up.</summary>
        public Action LockupHandler { get; set; }

        public void Reset()
        {
            Text = null;
            LockedUp = false;
        }

        /// <summary>An access of `core`'s to `where` is refused.</summary>
        public void Refuse(string text, IPeripheral where, RP2040_Core core)
        {
            where.Log(LogLevel.Error, "{0} (PC=0x{1:X8})", text, core.Cpu.PC.RawValue);
            Text = Text ?? text;
            var handler = Handler;
            if(handler != null)
            {
                handler(text);
            }
        }

        /// <summary>A fault cannot be taken.</summary>
        public void OnLockup(RP2040_Core core)
        {
            LockedUp = true;
            if(core.Exceptions.ProgramEnded())
            {
                owner.Log(LogLevel.Info, "The program has ended: its main returned 0");
            }
            else
            {
                owner.Log(LogLevel.Error, "Lockup, or a fault in a handler of priority 0: Renode's HardFault is no more urgent. The embedded engine says which (core {0}, PC=0x{1:X8})", core.Index, core.Cpu.PC.RawValue);
            }
            var handler = LockupHandler;
            if(handler != null)
            {
                handler();
            }
        }

        private readonly IPeripheral owner;
    }
}
