// I2C and SPI that Renode's own models can be attached to: `sensor: Sensors.BME280 @ i2c0 0x76` in a .repl file.
//
// A target is on its bus while the program has given the block pins, whichever they are.
using System;
using System.Collections.Generic;

using Antmicro.Migrant;
using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Core.Structure;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Miscellaneous;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.I2C
{
    public class RP2040_I2C : RP2040_Window, IPeripheralContainer<II2CPeripheral, NumberRegistrationPoint<int>>
    {
        public RP2040_I2C(IMachine machine, RP2040 chip, uint address, uint port) : base(chip, address)
        {
            this.machine = machine;
            this.port = port;
            Connect();
        }

        [PostDeserialization]
        private void Connect()
        {
            target = new Native.I2CTarget { Start = OnStart, Write = OnWrite, Read = OnRead, Stop = OnStop };
            if(Native.rp2040_i2c_connect(Chip.Handle, port, ref target) != Native.Ok)
            {
                throw new ConstructionException(Native.Error(Chip.Handle));
            }
        }

        public void Register(II2CPeripheral peripheral, NumberRegistrationPoint<int> point)
        {
            if(children.ContainsKey(point.Address))
            {
                throw new RegistrationException(string.Format("I2C address 0x{0:X} is taken", point.Address));
            }
            children.Add(point.Address, peripheral);
            machine.RegisterAsAChildOf(this, peripheral, point);
        }

        public void Unregister(II2CPeripheral peripheral)
        {
            foreach(var point in GetRegistrationPoints(peripheral))
            {
                children.Remove(point.Address);
            }
            machine.UnregisterAsAChildOf(this, peripheral);
        }

        public IEnumerable<NumberRegistrationPoint<int>> GetRegistrationPoints(II2CPeripheral peripheral)
        {
            var points = new List<NumberRegistrationPoint<int>>();
            foreach(var child in children)
            {
                if(child.Value == peripheral)
                {
                    points.Add(new NumberRegistrationPoint<int>(child.Key));
                }
            }
            return points;
        }

        public IEnumerable<IRegistered<II2CPeripheral, NumberRegistrationPoint<int>>> Children
        {
            get
            {
                var all = new List<IRegistered<II2CPeripheral, NumberRegistrationPoint<int>>>();
                foreach(var child in children)
                {
                    all.Add(Registered.Create(child.Value, new NumberRegistrationPoint<int>(child.Key)));
                }
                return all;
            }
        }

        // The calls come from inside the library, on the processor's thread; nothing may be thrown through it.

        private uint OnStart(IntPtr context, uint address, uint read)
        {
            HandOver();
            return children.TryGetValue((int)address, out current) ? 1u : 0u;
        }

        private uint OnWrite(IntPtr context, uint value)
        {
            written.Add((byte)value);
            return current == null ? 0u : 1u;
        }

        private uint OnRead(IntPtr context)
        {
            // How many bytes the program will read is not known, so the model is asked for each as the next one.
            byte[] data = null;
            Guarded(() => data = current.Read(1));
            return data == null || data.Length == 0 ? 0xFFu : data[0];
        }

        private void OnStop(IntPtr context)
        {
            HandOver();
            Guarded(() => current.FinishTransmission());
            current = null;
        }

        /// <summary>Models get what was written to them as a whole, at its end.</summary>
        private void HandOver()
        {
            if(written.Count > 0)
            {
                var data = written.ToArray();
                written.Clear();
                Guarded(() => current.Write(data));
            }
        }

        private void Guarded(Action action)
        {
            if(current == null)
            {
                return;
            }
            try
            {
                action();
            }
            catch(Exception e)
            {
                this.Log(LogLevel.Error, "{0}: {1}", current.GetType().Name, e.Message);
            }
        }

        private II2CPeripheral current;
        private readonly uint port;
        [Transient]
        private Native.I2CTarget target; // keeps the delegates alive

        private readonly IMachine machine;
        private readonly Dictionary<int, II2CPeripheral> children = new Dictionary<int, II2CPeripheral>();
        private readonly List<byte> written = new List<byte>();
    }
}

namespace Antmicro.Renode.Peripherals.SPI
{
    /// <summary>
    /// One target, which gets frames of up to eight bits as a byte and longer ones as two, the upper first. A transfer ends
    /// when the block raises its CSn; a chip select that the program drives can be connected to models that have an input
    /// for it (`gpio: 17 -> sensor@0`).
    /// </summary>
    public class RP2040_SPI : RP2040_Window, IPeripheralContainer<ISPIPeripheral, NullRegistrationPoint>
    {
        public RP2040_SPI(IMachine machine, RP2040 chip, uint address, uint port) : base(chip, address)
        {
            this.machine = machine;
            this.port = port;
            Connect();
        }

        [PostDeserialization]
        private void Connect()
        {
            target = new Native.SPITarget { Transfer = OnTransfer, Finish = OnFinish };
            if(Native.rp2040_spi_connect(Chip.Handle, port, ref target) != Native.Ok)
            {
                throw new ConstructionException(Native.Error(Chip.Handle));
            }
        }

        public void Register(ISPIPeripheral peripheral, NullRegistrationPoint point)
        {
            if(child != null)
            {
                throw new RegistrationException("this SPI has a peripheral already");
            }
            child = peripheral;
            machine.RegisterAsAChildOf(this, peripheral, point);
        }

        public void Unregister(ISPIPeripheral peripheral)
        {
            child = null;
            machine.UnregisterAsAChildOf(this, peripheral);
        }

        public IEnumerable<NullRegistrationPoint> GetRegistrationPoints(ISPIPeripheral peripheral)
        {
            return peripheral == child && child != null ? new[] { NullRegistrationPoint.Instance } : new NullRegistrationPoint[0];
        }

        public IEnumerable<IRegistered<ISPIPeripheral, NullRegistrationPoint>> Children
        {
            get
            {
                var all = new List<IRegistered<ISPIPeripheral, NullRegistrationPoint>>();
                if(child != null)
                {
                    all.Add(Registered.Create(child, NullRegistrationPoint.Instance));
                }
                return all;
            }
        }

        private uint OnTransfer(IntPtr context, uint value, uint bits)
        {
            var answer = 0u; // nobody drives the line, and the pad's pull-down is on
            Guarded(() =>
            {
                answer = bits > 8 ? (uint)child.Transmit((byte)(value >> 8)) << 8 : 0u;
                answer |= child.Transmit((byte)value);
            });
            return answer;
        }

        private void OnFinish(IntPtr context)
        {
            Guarded(() => child.FinishTransmission());
        }

        private void Guarded(Action action)
        {
            if(child == null)
            {
                return;
            }
            try
            {
                action();
            }
            catch(Exception e) // must not pass through the library
            {
                this.Log(LogLevel.Error, "{0}: {1}", child.GetType().Name, e.Message);
            }
        }

        private ISPIPeripheral child;
        private readonly uint port;
        [Transient]
        private Native.SPITarget target; // keeps the delegate alive

        private readonly IMachine machine;
    }
}
