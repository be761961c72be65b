// Accesses to the chip, the passing of its time, and what either has for consequences: bytes, pins, something due earlier.
using System;
using System.Collections.Generic;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.Bus;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Accesses
    {
        public RP2040_Accesses(IPeripheral owner, RP2040_Faults faults)
        {
            this.owner = owner;
            this.faults = faults;
        }

        /// <summary>Once they are there: each was given methods of this object. `other` is null without core 1.</summary>
        public void Use(RP2040_Time clock, RP2040_Core[] all, RP2040_SecondCore other)
        {
            time = clock;
            cores = all;
            first = all[0];
            second = other;
        }

        public void Attach(IntPtr handle)
        {
            chip = handle;
        }

        /// <summary>A block of registers tells where it is.</summary>
        public void AddWindow(uint address, IKnownSize window)
        {
            windows.Add(new KeyValuePair<uint, IKnownSize>(address, window));
        }

        public uint Read(uint address, uint bytes, IPeripheral window)
        {
            return Read(Current, address, bytes, window);
        }

        /// <summary>The same as a certain core, whose thread need not be the present one.</summary>
        public uint Read(RP2040_Core core, uint address, uint bytes, IPeripheral window)
        {
            Native.Turn turn;
            var status = Native.rp2040_turn_read(chip, core.Index, core.Elapsed(), address, bytes, out turn);
            AfterTurn(status, ref turn, window);
            return turn.Value;
        }

        public void Write(uint address, uint bytes, uint value, IPeripheral window)
        {
            Write(Current, address, bytes, value, window);
        }

        public void Write(RP2040_Core core, uint address, uint bytes, uint value, IPeripheral window)
        {
            Native.Turn turn;
            if(address == FifoWrite && core == first)
            {
                if(second == null)
                {
                    faults.Refuse("SIO.FIFO_WR starts core 1, and this platform has core 0 only: give the chip cpu1 and nvic1", window, core);
                }
                else
                {
                    second.Wake();
                }
            }
            var status = Native.rp2040_turn_write(chip, core.Index, core.Elapsed(), address, bytes, value, out turn);
            AfterTurn(status, ref turn, window);
        }

        /// <summary>Everything that happens up to now; for those who look from outside.</summary>
        public void Synchronise()
        {
            eventsUntilTick = EventsPerTick;
            var listeners = Tick;
            if(listeners != null)
            {
                listeners();
            }
            Advance();
        }

        /// <summary>Raised after accesses and events: bit per serial port that has bytes to take.</summary>
        public event Action<uint> SerialSent;
        /// <summary>Raised when a watched pin has changed: bit per pin, of those watched.</summary>
        public event Action<uint> PinsMoved;
        /// <summary>Raised now and then, for what need not be done at each access.</summary>
        public event Action Tick;

        /// <summary>Pins whose levels are told by PinsMoved, bit per pin; those not watched cost nothing.</summary>
        public uint WatchedPins
        {
            get { return watchedPins; }
            set
            {
                watchedPins = value;
                pins = ~value; // so that all are told anew
                Native.rp2040_watch_pins(chip, value);
            }
        }

        /// <summary>An access that did not pass through a window had a consequence.</summary>
        public void OnTurn(uint status, uint address, ref Native.Turn turn)
        {
            AfterTurn(status, ref turn, status == Native.Ok ? owner : WindowAt(address));
        }

        public void OnEvent()
        {
            if(eventsUntilTick-- == 0)
            {
                Synchronise();
            }
            else
            {
                Advance();
            }
        }

        private void Advance()
        {
            Native.Turn turn;
            ulong until;
            var status = time.Sleeps(out until)
                ? Native.rp2040_turn_idle(chip, first.Elapsed(), until, out turn)
                : Native.rp2040_turn_run(chip, 0, first.Elapsed(), out turn);
            AfterTurn(status, ref turn, owner);
        }

        /// <summary>Something is due for the core in front, whose blocks say so: the machine's clock waits for the other.</summary>
        public void OnDue(RP2040_Core core)
        {
            Native.Turn turn;
            var status = Native.rp2040_turn_run(chip, core.Index, core.Elapsed(), out turn);
            AfterTurn(status, ref turn, owner);
        }

        public void OnSleep(RP2040_Core core, bool sleeps)
        {
            if(core != first)
            {
                second.OnSleep(sleeps);
            }
            else if(sleeps && time.EventTime == 0)
            {
                OnEvent();
            }
        }

        private void AfterTurn(uint status, ref Native.Turn turn, IPeripheral where)
        {
            if(status != Native.Ok)
            {
                faults.Refuse(Native.Error(chip), where, Current);
            }
            time.Plan(turn.Due);
            if(turn.Serial != 0)
            {
                var listeners = SerialSent;
                if(listeners != null)
                {
                    listeners(turn.Serial);
                }
            }
            if(turn.Pins != pins)
            {
                pins = turn.Pins;
                var listeners = PinsMoved;
                if(listeners != null)
                {
                    listeners(pins);
                }
            }
        }

        private IPeripheral WindowAt(uint address)
        {
            foreach(var window in windows)
            {
                if(address - window.Key < window.Value.Size)
                {
                    return window.Value;
                }
            }
            return owner;
        }

        /// <summary>The core on whose thread this is; core 0 on others'.</summary>
        private RP2040_Core Current { get { return cores.Length > 1 && cores[1].OnThread ? cores[1] : first; } }

        [Transient]
        private IntPtr chip;
        private RP2040_Time time;
        private RP2040_Core first;
        private RP2040_Core[] cores;
        private RP2040_SecondCore second;
        private uint watchedPins, pins;
        private int eventsUntilTick;

        private readonly IPeripheral owner;
        private readonly RP2040_Faults faults;
        private readonly List<KeyValuePair<uint, IKnownSize>> windows = new List<KeyValuePair<uint, IKnownSize>>();

        private const uint FifoWrite = 0xD0000054;
        private const int EventsPerTick = 32;
    }
}
