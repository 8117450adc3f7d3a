# Draws lines-in-flight.svg from lines-in-flight.csv: run `gnuplot lines-in-flight.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'lines-in-flight.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured lines in flight of independent random chases, 1 thread" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel 'Chases side by side'
set logscale x 2
set xrange [0.9:70.4]
set xtics ('1' 1, '2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64, '128' 128)
set logscale y 10
set yrange [0.14266953970389085:30.786537735149654]
set ytics ('0.2' 0.2, '0.5' 0.5, '1' 1.0, '2' 2.0, '5' 5.0, '10' 10.0, '20' 20.0)
set ylabel "Lines in flight (rate x latency / 64 B)"
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'lines-in-flight.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "384 KiB, 7.47 ns", \
  'lines-in-flight.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "4 MiB, 20.6 ns", \
  'lines-in-flight.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "256 MiB, 156 ns", \
  x with lines dashtype 2 linewidth 1.5 linecolor '#7F7F7F' title 'as many as chases'
