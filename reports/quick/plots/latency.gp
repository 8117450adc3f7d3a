# Draws latency.svg from latency.csv: run `gnuplot latency.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'latency.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured latency against working set" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Working set"
set logscale x 2
set xrange [5792.618751480197:379625062.49700624]
set xtics ('8 KiB' 8192, '32 KiB' 32768, '128 KiB' 131072, '512 KiB' 524288, '2 MiB' 2097152, '8 MiB' 8388608, '32 MiB' 33554432, '128 MiB' 134217728)
set title offset 0,0.5
set tmargin 3.8
set arrow from 32768, graph 0 to 32768, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L1 32 KiB" at 32768, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 524288, graph 0 to 524288, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L2 512 KiB" at 524288, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set logscale y 10
set yrange [0.9606259209769114:258.59804687499997]
set ytics ('1' 1.0, '2' 2.0, '5' 5.0, '10' 10.0, '20' 20.0, '50' 50.0, '100' 100.0, '200' 200.0)
set ylabel "Latency (ns)"
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'latency.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "load_latency, 1 thread"
