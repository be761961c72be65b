// SysTick counts the chip's cycles: it is the library's, not the NVIC's, whose own counts by Renode's clock.
//
// Accesses that the library takes itself (BusHook.cs) do not pass here. The others reach the NVIC's registers as Renode has
// them, and hooks of the system bus put the library's in their place: what is written to the NVIC's is 0, so that its own
// timer never counts, and what is read from them is not used. The exception is pended in the NVIC.
using System;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.Bus;

using Range = Antmicro.Renode.Core.Range; // .NET has one of that name

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_SysTick
    {
        /// <summary>`nvic` is that of core `core`; null, or no peripheral of the bus: there is no SysTick.</summary>
        public RP2040_SysTick(IMachine machine, IPeripheral nvic, RP2040_Core core, RP2040_Accesses accesses)
        {
            this.machine = machine;
            this.nvic = nvic as IBusPeripheral;
            this.core = core;
            this.accesses = accesses;
        }

        /// <summary>Takes the NVIC's registers, once they are on the system bus.</summary>
        public void Attach()
        {
            if(nvic != null && !attached)
            {
                attached = true;
                var registers = new Range(Offset, Size);
                machine.SystemBus.SetHookAfterPeripheralRead<uint>(nvic, Read, registers);
                machine.SystemBus.SetHookBeforePeripheralWrite<uint>(nvic, Write, registers);
            }
        }

        private uint Read(uint renodes, long offset)
        {
            return accesses.Read(core, SystemControlSpace + (uint)offset, 4, nvic);
        }

        private uint Write(uint value, long offset)
        {
            accesses.Write(core, SystemControlSpace + (uint)offset, 4, value, nvic);
            return 0;
        }

        private bool attached;

        private readonly IMachine machine;
        private readonly IBusPeripheral nvic;
        private readonly RP2040_Core core;
        private readonly RP2040_Accesses accesses;

        private const uint SystemControlSpace = 0xE000E000;
        private const uint Offset = 0x10, Size = 0x10;
    }
}
