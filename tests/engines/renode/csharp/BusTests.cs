// Renode's models on the chip's I2C and SPI.
using System;
using System.Collections.Generic;
using System.Linq;

using Antmicro.Renode.Core.Structure;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.I2C;
using Antmicro.Renode.Peripherals.SPI;

using static Check;

public static class BusTests
{
    private class Sensor : II2CPeripheral
    {
        public readonly List<string> Log = new List<string>();
        private byte next = 0x40;
        public void Write(byte[] data) { Log.Add("write " + BitConverter.ToString(data)); }
        public byte[] Read(int count) { Log.Add("read " + count); return Enumerable.Range(0, count).Select(_ => next++).ToArray(); }
        public void FinishTransmission() { Log.Add("end"); }
        public void Reset() { }
    }

    private class Broken : II2CPeripheral
    {
        public void Write(byte[] data) { throw new InvalidOperationException("no such register"); }
        public byte[] Read(int count) { throw new InvalidOperationException("nothing to read"); }
        public void FinishTransmission() { }
        public void Reset() { }
    }

    private class Inverter : ISPIPeripheral
    {
        public readonly List<string> Log = new List<string>();
        public byte Transmit(byte data) { Log.Add(data.ToString("X2")); return (byte)~data; }
        public void FinishTransmission() { Log.Add("end"); }
        public void Reset() { }
    }

    private const uint I2c0 = 0x40044000, Spi0 = 0x4003C000;

    private static Rig WithI2c(out RP2040_I2C bus)
    {
        var rig = new Rig().Clocked();
        bus = new RP2040_I2C(rig.Machine, rig.Chip, I2c0, 0);
        rig.Write(Rig.IoBank0 + 8 * 4 + 4, 3); // GP4 and GP5
        rig.Write(Rig.IoBank0 + 8 * 5 + 4, 3);
        rig.Write(I2c0 + 0x6C, 0);
        rig.Write(I2c0 + 0x00, 0x65); // master, fast, restart
        rig.Write(I2c0 + 0x1C, 60);
        rig.Write(I2c0 + 0x20, 130);
        return rig;
    }

    private static void Select(Rig rig, uint address)
    {
        rig.Write(I2c0 + 0x6C, 0);
        rig.Write(I2c0 + 0x04, address);
        rig.Write(I2c0 + 0x6C, 1);
    }

    public static void A_model_answers_over_i2c_and_gets_what_is_written_as_a_whole()
    {
        RP2040_I2C bus;
        var rig = WithI2c(out bus);
        var sensor = new Sensor();
        bus.Register(sensor, new NumberRegistrationPoint<int>(0x48));
        Select(rig, 0x48);
        rig.Write(I2c0 + 0x10, 0x0F);
        rig.Write(I2c0 + 0x10, 0xA5);
        rig.Write(I2c0 + 0x10, 0x500); // read after a repeated start
        rig.Write(I2c0 + 0x10, 0x300); // and once more, then stop
        rig.Wait(1000000);
        Equal("write 0F-A5, read 1, read 1, end", string.Join(", ", sensor.Log), "what the model saw");
        Equal(0x40u, rig.Read(I2c0 + 0x10) & 0xFF, "first byte");
        Equal(0x41u, rig.Read(I2c0 + 0x10) & 0xFF, "second byte");
        Select(rig, 0x49);
        rig.Write(I2c0 + 0x10, 0x200);
        rig.Wait(1000000);
        True((rig.Read(I2c0 + 0x80) & 1) != 0, "nobody at another address");
    }

    public static void Without_pins_nobody_answers()
    {
        RP2040_I2C bus;
        var rig = WithI2c(out bus);
        bus.Register(new Sensor(), new NumberRegistrationPoint<int>(0x48));
        rig.Write(Rig.IoBank0 + 8 * 5 + 4, 5);
        Select(rig, 0x48);
        rig.Write(I2c0 + 0x10, 0x200);
        rig.Wait(1000000);
        True((rig.Read(I2c0 + 0x80) & 1) != 0, "address not acknowledged");
    }

    public static void What_a_model_throws_is_logged()
    {
        RP2040_I2C bus;
        var rig = WithI2c(out bus);
        bus.Register(new Broken(), new NumberRegistrationPoint<int>(0x10));
        Select(rig, 0x10);
        Logger.Lines.Clear();
        rig.Write(I2c0 + 0x10, 1);
        rig.Write(I2c0 + 0x10, 0x700);
        rig.Wait(1000000);
        Equal(0xFFu, rig.Read(I2c0 + 0x10) & 0xFF, "an open line");
        True(Logger.Lines.Any(l => l.Contains("Broken: no such register")) && Logger.Lines.Any(l => l.Contains("nothing to read")), "logged");
    }

    public static void Models_come_and_go()
    {
        RP2040_I2C bus;
        WithI2c(out bus);
        var sensor = new Sensor();
        bus.Register(sensor, new NumberRegistrationPoint<int>(0x48));
        Throws<RegistrationException>(() => bus.Register(new Sensor(), new NumberRegistrationPoint<int>(0x48)), "0x48 is taken");
        Equal(1, bus.Children.Count(), "children");
        Equal(0x48, bus.GetRegistrationPoints(sensor).Single().Address, "where");
        bus.Unregister(sensor);
        Equal(0, bus.Children.Count(), "gone");
        bus.Register(new Sensor(), new NumberRegistrationPoint<int>(0x48));
    }

    public static void A_model_answers_over_spi()
    {
        var rig = new Rig().Clocked();
        var bus = new RP2040_SPI(rig.Machine, rig.Chip, Spi0, 0);
        var model = new Inverter();
        for(uint pin = 16; pin < 20; pin++)
        {
            rig.Write(Rig.IoBank0 + 8 * pin + 4, 1);
        }
        rig.Write(Spi0 + 0x10, 2);
        rig.Write(Spi0 + 0x00, 7);
        rig.Write(Spi0 + 0x04, 2);
        rig.Write(Spi0 + 0x08, 0x5A);
        rig.Wait(100000);
        Equal(0u, rig.Read(Spi0 + 0x08), "nobody there");
        bus.Register(model, NullRegistrationPoint.Instance);
        Throws<RegistrationException>(() => bus.Register(new Inverter(), NullRegistrationPoint.Instance), "has a peripheral");
        rig.Write(Spi0 + 0x08, 0x5A);
        rig.Wait(100000);
        Equal(0xA5u, rig.Read(Spi0 + 0x08), "answer");
        Equal("5A, end", string.Join(", ", model.Log), "with the end of the block's chip select");
        rig.Write(Rig.IoBank0 + 8 * 17 + 4, 5); // the program drives the chip select
        rig.Write(Spi0 + 0x00, 15);
        rig.Write(Spi0 + 0x08, 0x1234);
        rig.Wait(100000);
        Equal(0xEDCBu, rig.Read(Spi0 + 0x08), "sixteen bits");
        Equal("5A, end, 12, 34", string.Join(", ", model.Log), "two bytes, no end");
    }
}
