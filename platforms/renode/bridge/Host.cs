// What the library asks of Renode: interrupt lines, DMA's accesses to Renode's memories, resets, the processors' clock.
using System;
using System.Runtime.CompilerServices;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Host
    {
        public RP2040_Host(IMachine machine, IPeripheral owner, RP2040_Power power)
        {
            this.machine = machine;
            this.owner = owner;
            this.power = power;
        }

        /// <summary>The library's chip, whose callbacks live as long as this object; once, and again after a load.</summary>
        public IntPtr Create(uint flashSize, uint xoscFrequency, string library)
        {
            var problem = Native.Load(library);
            if(problem != null)
            {
                throw new ConstructionException(problem);
            }
            host = new Native.Host
            {
                Irq = OnIrq, Read = OnDmaRead, Write = OnDmaWrite,
                Reset = OnResetRequest, SendEvent = OnSendEvent, Clock = OnClock, Hold = OnHold
            };
            making = true;
            var chip = Make(flashSize, xoscFrequency);
            making = false;
            if(chip == IntPtr.Zero)
            {
                throw new ConstructionException(string.Format("flashSize = 0x{0:X} must be a power of two from 64 kB to 16 MB", flashSize));
            }
            return chip;
        }

        /// <summary>Of its own: see Native.Version.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private IntPtr Make(uint flashSize, uint xoscFrequency)
        {
            return Native.rp2040_create(flashSize, xoscFrequency, ref host);
        }

        private void OnIrq(IntPtr context, uint core, uint line, uint level)
        {
            power.Drive(core, line, level);
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
                owner.Log(LogLevel.Error, "Read of 0x{0:X8} by the chip: {1}", address, e.Message);
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
                owner.Log(LogLevel.Error, "Write of 0x{0:X8} by the chip: {1}", address, e.Message);
                return Native.Invalid;
            }
        }

        private void OnResetRequest(IntPtr context, uint reason)
        {
            power.RequestReset(reason);
        }

        private void OnSendEvent(IntPtr context)
        {
            // Renode's processors tell each other.
        }

        private void OnClock(IntPtr context, uint hertz)
        {
            if(!making)
            {
                power.SetClock(hertz);
            }
        }

        private void OnHold(IntPtr context, uint core, uint held)
        {
            power.HoldInReset(core, held);
        }

        [Transient]
        private Native.Host host; // keeps the delegates alive
        [Transient]
        private bool making;

        private readonly IMachine machine;
        private readonly IPeripheral owner;
        private readonly RP2040_Power power;
    }
}
