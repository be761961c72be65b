// Renode's containers and the interfaces of what hangs on I2C and SPI, as in its sources.
using System;
using System.Collections.Generic;

using Antmicro.Renode.Peripherals;

namespace Antmicro.Renode.Exceptions
{
    public class RegistrationException : RecoverableException { public RegistrationException(string message) : base(message) { } }
}

namespace Antmicro.Renode.Core.Structure
{
    public interface IRegistrationPoint { }

    public class NumberRegistrationPoint<T> : IRegistrationPoint
    {
        public NumberRegistrationPoint(T address) { Address = address; }
        public T Address { get; private set; }
    }

    public class NullRegistrationPoint : IRegistrationPoint
    {
        public static NullRegistrationPoint Instance = new NullRegistrationPoint();
        private NullRegistrationPoint() { }
    }

    public interface IRegistered<out TPeripheral, TRegistrationPoint>
        where TPeripheral : IPeripheral where TRegistrationPoint : IRegistrationPoint
    {
        TPeripheral Peripheral { get; }
        TRegistrationPoint RegistrationPoint { get; }
    }

    public class Registered<TPeripheral, TRegistrationPoint> : IRegistered<TPeripheral, TRegistrationPoint>
        where TPeripheral : IPeripheral where TRegistrationPoint : IRegistrationPoint
    {
        public Registered(TPeripheral peripheral, TRegistrationPoint point) { Peripheral = peripheral; RegistrationPoint = point; }
        public TPeripheral Peripheral { get; private set; }
        public TRegistrationPoint RegistrationPoint { get; private set; }
    }

    public static class Registered
    {
        public static Registered<TPeripheral, TRegistrationPoint> Create<TPeripheral, TRegistrationPoint>(TPeripheral peripheral, TRegistrationPoint point)
            where TPeripheral : IPeripheral where TRegistrationPoint : IRegistrationPoint
        {
            return new Registered<TPeripheral, TRegistrationPoint>(peripheral, point);
        }
    }

    public interface IRegisterablePeripheral<TPeripheral, TRegistrationPoint> : IPeripheral
        where TPeripheral : IPeripheral where TRegistrationPoint : IRegistrationPoint
    {
        void Register(TPeripheral peripheral, TRegistrationPoint registrationPoint);
        void Unregister(TPeripheral peripheral);
    }

    public interface IPeripheralContainer<TPeripheral, TRegistrationPoint> : IRegisterablePeripheral<TPeripheral, TRegistrationPoint>
        where TPeripheral : IPeripheral where TRegistrationPoint : IRegistrationPoint
    {
        IEnumerable<TRegistrationPoint> GetRegistrationPoints(TPeripheral peripheral);
        IEnumerable<IRegistered<TPeripheral, TRegistrationPoint>> Children { get; }
    }
}

namespace Antmicro.Renode.Peripherals.I2C
{
    public interface II2CPeripheral : IPeripheral
    {
        void Write(byte[] data);
        byte[] Read(int count = 1);
        void FinishTransmission();
    }
}

namespace Antmicro.Renode.Peripherals.SPI
{
    public interface ISPIPeripheral : IPeripheral
    {
        byte Transmit(byte data);
        void FinishTransmission();
    }
}
